// The HTTP client reads what servers send, however it is cut, and says what is wrong with it.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import test from "node:test";

import { request } from "../../../slides/tab/net/http.js";
import { answering, connectTo, pieces, scripted, text, withServer } from "./wire.mjs";

const GET = { method: "GET", path: "/", headers: [["Host", "localhost"]] };

async function fetched(answer, options = GET) {
  const connection = scripted([answer]);
  const response = await request(connection, options);
  return { ...response, body: await text(response.body), connection };
}

function refusal(answer, options = GET) {
  return fetched(answer, options).then(
    () => assert.fail("it was taken"),
    (error) => error,
  );
}

test("a request is sent as it should be", async () => {
  const { connection } = await fetched("HTTP/1.1 204 \r\n\r\n", {
    method: "POST",
    path: "/a?b=%20",
    headers: [["Host", "localhost:8888"], ["X-Empty", ""]],
    body: Buffer.from("hé"),
  });
  const [head, body] = connection.sent.split("\r\n\r\n");
  assert.deepEqual(head.split("\r\n"), [
    "POST /a?b=%20 HTTP/1.1",
    "Host: localhost:8888",
    "X-Empty:",
    "Content-Length: 3",
    "Connection: close",
  ]);
  assert.equal(Buffer.from(body, "latin1").toString(), "hé");
});

test("the caller's own Connection header stands", async () => {
  const headers = [["connection", "Upgrade"]];
  const { connection } = await fetched("HTTP/1.1 204 No\r\n\r\n", { ...GET, headers });
  assert.match(connection.sent, /connection: Upgrade\r\n\r\n$/);
  assert.doesNotMatch(connection.sent, /close/);
});

for (const [what, options] of [
  ["a path with a space", { path: "/a b" }],
  ["a path with a line's end", { path: "/\r\nX: 1" }],
  ["a method of two words", { method: "GET /" }],
  ["a header's value with a line's end", { headers: [["X", "1\r\nY: 2"]] }],
  ["a header's name with a space", { headers: [["X Y", "1"]] }],
  ["a header beyond bytes", { headers: [["X", "€"]] }],
]) {
  test(`${what} is not sent`, async () => {
    const connection = scripted([]);
    await assert.rejects(request(connection, { ...GET, ...options }), TypeError);
    assert.equal(connection.sent, "");
  });
}

test("status, reason and headers arrive in order, duplicates too", async () => {
  const response = await fetched(
    "HTTP/1.1 404 Not  Found\r\nSet-Cookie: a=1\r\nX:\t y \r\nset-cookie: b=\xe9\r\n\r\n",
  );
  assert.equal(response.version, "1.1");
  assert.equal(response.status, 404);
  assert.equal(response.reason, "Not  Found");
  assert.deepEqual(response.headers, [["Set-Cookie", "a=1"], ["X", "y"], ["set-cookie", "b=\xe9"]]);
});

test("old and bare forms are read: no reason, folded headers, single line feeds", async () => {
  const response = await fetched("HTTP/1.0 200\nA: 1\n  2\nContent-Length: 2\n\nhi");
  assert.deepEqual([response.version, response.reason], ["1.0", ""]);
  assert.deepEqual(response.headers[0], ["A", "1 2"]);
  assert.equal(response.body, "hi");
});

const CHUNKED =
  "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n" +
  "Transfer-Encoding: Chunked\r\n\r\n" +
  '5;a="b"\r\nhello\r\n1 \r\n,\r\n00A\r\n the world\r\n0\r\nTrailing: yes\r\n\r\n';

test("a response may be cut anywhere", async () => {
  for (let at = 1; at < CHUNKED.length; at += 1) {
    const connection = scripted([CHUNKED.slice(0, at), CHUNKED.slice(at)]);
    const response = await request(connection, GET);
    assert.equal(await text(response.body), "hello, the world", `cut at ${at}`);
    assert.deepEqual(response.trailers, [["Trailing", "yes"]]);
  }
});

test("a response may come byte by byte", async () => {
  for (const [answer, body] of [
    [CHUNKED, "hello, the world"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"],
    ["HTTP/1.1 200 OK\r\n\r\nhello", "hello"],
  ]) {
    const response = await request(scripted(answer), GET);
    assert.equal(response.status, 200);
    assert.equal(await text(response.body), body);
  }
});

test("responses before the response are skipped, and shown to those who ask", async () => {
  const heads = [];
  const response = await request(scripted([CHUNKED]), {
    ...GET,
    onRequest: (head) => heads.push(head),
    onHead: (head) => heads.push(head),
  });
  assert.equal(response.status, 200);
  assert.deepEqual(heads, [
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
  ]);
});

test("a body is no longer than its length", async () => {
  const response = await fetched("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi there");
  assert.equal(response.body, "hi");
  assert.ok(response.connection.closed);
});

test("the coding counts, not the length, when there are both", async () => {
  const both = "Content-Length: 99\r\nTransfer-Encoding: chunked";
  const response = await fetched(`HTTP/1.1 200 OK\r\n${both}\r\n\r\n2\r\nhi\r\n0\r\n\r\n`);
  assert.equal(response.body, "hi");
});

test("HEAD, 204, 304 and a length of nothing have no body, and end the exchange", async () => {
  for (const [status, method] of [[200, "HEAD"], [204, "GET"], [304, "GET"]]) {
    const answer = `HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`;
    const response = await fetched(answer, { ...GET, method });
    assert.equal(response.body, "");
  }
  const connection = scripted(["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
  const { body } = await request(connection, GET);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(connection.closed);
  assert.equal(await text(body), "");
});

test("after 101 the body is what the connection brings", async () => {
  const head = "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n";
  const response = await fetched(`${head}\x00raw`);
  assert.equal(response.status, 101);
  assert.equal(response.body, "\x00raw");
});

for (const [what, answer, code, words] of [
  ["nothing at all", "", "EMPTY", /without an answer/],
  ["another protocol", "SSH-2.0-OpenSSH\r\n", "FOREIGN", /does not speak HTTP.*SSH-2.0/],
  ["another version", "HTTP/2 200 OK\r\n\r\n", "BROKEN", /first line is "HTTP\/2 200 OK"/],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "BROKEN", /first line/],
  ["half a status line", "HTTP/1.1 20", "BROKEN", /first line/],
  ["half the headers", "HTTP/1.1 200 OK\r\nA: 1\r\n", "CUT", /middle of its headers/],
  ["a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "BROKEN", /"nonsense"/],
  ["a name with a space", "HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", "BROKEN", /"A : 1" as a header/],
  ["a length in words", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n", "BROKEN", /"two"/],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2,3\r\n\r\n", "BROKEN", /2,3/],
  ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: br\r\n\r\n", "BROKEN", /br/],
  ["headers without end", `HTTP/1.1 200 OK\r\n${"A: 1\r\n".repeat(12000)}`, "LONG", /65536/],
  ["a header without end", `HTTP/1.1 200 OK\r\nA: ${"1".repeat(70000)}`, "LONG", /65536/],
  ["endless 1xx", "HTTP/1.1 103 Hints\r\n\r\n".repeat(5000), "LONG", /65536/],
]) {
  test(`${what} is refused in words`, async () => {
    const error = await refusal(answer);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.match(error.message, /\.$/);
  });
}

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

for (const [what, answer, code] of [
  ["before its length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", "CUT"],
  ["before the last chunk", `${HEAD}4\r\nhell`, "CUT"],
  ["before the trailers' end", `${HEAD}4\r\nhell\r\n0\r\n`, "CUT"],
  ["with nonsense for a size", `${HEAD}4\r\nhell\r\nxyz\r\n`, "CHUNK"],
  ["with a negative size", `${HEAD}4\r\nhell\r\n-1\r\n`, "CHUNK"],
  ["with a chunk too long", `${HEAD}4\r\nhello\r\n`, "CHUNK"],
  ["with a size without end", `${HEAD}4\r\nhell\r\n${"0".repeat(5000)}`, "CHUNK"],
]) {
  test(`a body that ends ${what} fails after what came`, async () => {
    const { body } = await request(scripted([answer]), GET);
    const reader = body.getReader();
    assert.equal(Buffer.from((await reader.read()).value).toString(), "hell");
    await assert.rejects(reader.read(), { code });
  });
}

test("Node's own server is understood", async () => {
  const server = http.createServer(async (incoming, response) => {
    const body = Buffer.concat(await pieces(incoming));
    response.setHeader("Set-Cookie", ["a=1", "b=2"]);
    response.write(`${incoming.method} ${incoming.url} `);
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const headers = [["Host", `localhost:${port}`]];
  const body = Buffer.alloc(300_000, "x");
  const asked = { method: "PUT", path: "/?q=1", headers, body };
  const response = await request(await connectTo(port), asked);
  assert.equal(response.headers.filter(([name]) => name === "Set-Cookie").length, 2);
  assert.equal(await text(response.body), `PUT /?q=1 ${"x".repeat(300_000)}`);
  server.close();
});

test("a page's bytes arrive as they are", async () => {
  const every = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
  await withServer(answering(`HTTP/1.1 200 OK\r\n\r\n${every}`), async ({ connect }) => {
    const { body } = await request(await connect(), GET);
    assert.equal(await text(body), every);
  });
});
