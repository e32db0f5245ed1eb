// The HTTP client and its connection: what waits, who hangs up, and what a break means.

import assert from "node:assert/strict";
import test from "node:test";

import { request } from "../../../slides/tab/net/http.js";
import { heardRequest, scripted, text, withServer } from "./wire.mjs";

const GET = { method: "GET", path: "/", headers: [["Host", "localhost"]] };

test("each chunk is there as soon as it arrives", async () => {
  await withServer(
    async (socket) => {
      await heardRequest(socket);
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
      socket.resume().once("data", () => socket.end("3\r\ntwo\r\n0\r\n\r\n"));
    },
    async ({ connect }) => {
      const connection = await connect();
      const { body } = await request(connection, GET);
      const reader = body.getReader();
      assert.equal(Buffer.from((await reader.read()).value).toString(), "one");
      connection.socket.write("more"); // only now does the server go on
      assert.equal(Buffer.from((await reader.read()).value).toString(), "two");
      assert.ok((await reader.read()).done);
    },
  );
});

test("a body that nobody reads is not fetched", async () => {
  const many = Array.from({ length: 1000 }, () => "x".repeat(1000));
  const connection = scripted(["HTTP/1.1 200 OK\r\n\r\n", ...many]);
  const { body } = await request(connection, GET);
  const before = connection.pulls;
  const reader = body.getReader();
  await reader.read();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(connection.pulls <= before + 1);
});

test("cancelling the body hangs up", async () => {
  const left = deferred();
  await withServer(
    async (socket) => {
      await heardRequest(socket);
      socket.write("HTTP/1.1 200 OK\r\n\r\nendless");
      socket.resume().on("end", left.resolve).on("close", left.resolve);
    },
    async ({ connect }) => {
      const { body } = await request(await connect(), GET);
      await body.cancel();
      await left.promise;
    },
  );
});

for (const [when, answer] of [
  ["before the answer", ""],
  ["in the middle of the headers", "HTTP/1.1 200 OK\r\nA"],
  ["in the middle of the body", "HTTP/1.1 200 OK\r\n\r\nx"],
]) {
  test(`aborting ${when} hangs up and gives the reason`, async () => {
    const left = deferred();
    const abort = new AbortController();
    await withServer(
      async (socket) => {
        await heardRequest(socket);
        socket.write(answer);
        socket.resume().on("end", left.resolve).on("close", left.resolve);
        if (!answer.endsWith("x")) abort.abort("enough");
      },
      async ({ connect }) => {
        const read = async () => {
          const { body } = await request(await connect(), { ...GET, signal: abort.signal });
          const reader = body.getReader();
          await reader.read();
          const rest = reader.read();
          abort.abort("enough");
          await rest;
        };
        await assert.rejects(read, (error) => error === "enough");
        await left.promise;
      },
    );
  });
}

test("a signal that was aborted before sends nothing", async () => {
  const connection = scripted([]);
  const signal = AbortSignal.abort("no");
  await assert.rejects(request(connection, { ...GET, signal }), (error) => error === "no");
  assert.equal(connection.sent, "");
});

test("a connection that breaks in the body fails it", async () => {
  await withServer(
    async (socket) => {
      await heardRequest(socket);
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
      socket.resume().once("data", () => socket.resetAndDestroy());
    },
    async ({ connect }) => {
      const connection = await connect();
      const { body } = await request(connection, GET);
      const reader = body.getReader();
      await reader.read();
      connection.socket.write("now");
      await assert.rejects(reader.read(), { code: "LOST", message: /^The connection was lost/ });
    },
  );
});

test("an answer counts though the server did not read the whole request", async () => {
  await withServer(
    (socket) => socket.once("data", () => socket.end("HTTP/1.1 413 Too Much\r\n\r\n")),
    async ({ connect }) => {
      const body = new Uint8Array(8_000_000);
      const response = await request(await connect(), { ...GET, method: "POST", body });
      assert.equal(response.status, 413);
      await response.body.cancel();
    },
  );
});

test("a server sees the end of a connection in order", async () => {
  const ended = deferred();
  await withServer(
    async (socket) => {
      await heardRequest(socket);
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      socket.resume().on("end", () => ended.resolve("end")).on("error", ended.reject);
    },
    async ({ connect }) => {
      const response = await request(await connect(), GET);
      assert.equal(await text(response.body), "hi");
      assert.equal(await ended.promise, "end");
    },
  );
});

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
