// The websocket client keeps the protocol, and holds a server to it.

import assert from "node:assert/strict";
import test from "node:test";

import { openWebSocket } from "../../../slides/tab/net/websocket.js";
import { acceptFor, CLOSE, closing, plain, switching, withPeer } from "./peer.mjs";
import { heardRequest, pieces, text, withServer } from "./wire.mjs";

const ASKED = { path: "/talk?x=1", host: "localhost:8888" };

async function refusalOf(answer, options = {}) {
  return withServer(
    async (socket) => socket.end(answer(await heardRequest(socket))),
    async ({ connect }) => {
      const opening = openWebSocket(await connect(), { ...ASKED, ...options });
      const refusal = await opening.then(() => assert.fail("it opened"), (error) => error);
      const page = refusal.status === 101 ? "" : await text(refusal.body);
      return Object.assign(refusal, { page });
    },
  );
}

test("the opening asks for a websocket and nothing more", async () => {
  const headers = [["Cookie", "a=1"]];
  await withPeer(async (socket, { request }) => {
    assert.match(request, /^GET \/talk HTTP\/1\.1\r\nHost: localhost:8888\r\nCookie: a=1\r\n/);
    assert.match(request, /\r\nConnection: Upgrade\r\n/);
    assert.match(request, /\r\nSec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\n/);
    assert.match(request, /\r\nSec-WebSocket-Version: 13\r\n/);
    assert.doesNotMatch(request, /Extensions|Protocol:|close/i);
    assert.equal(socket.protocol, "");
    assert.equal(socket.response.status, 101);
  }, { headers });
});

test("the server chooses one of the protocols", async () => {
  await withServer(
    async (socket) => {
      const request = await heardRequest(socket);
      assert.match(request, /\r\nSec-WebSocket-Protocol: chat, news\r\n/);
      socket.write(switching(request, ["Sec-WebSocket-Protocol: news"]));
    },
    async ({ connect }) => {
      const options = { ...ASKED, protocols: ["chat", "news"] };
      assert.equal((await openWebSocket(await connect(), options)).protocol, "news");
    },
  );
});

test("another answer is handed over as it is", async () => {
  const refusal = await refusalOf(() => "HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\nno");
  assert.ok(refusal instanceof Error);
  assert.equal(refusal.message, "The server opens no websocket: 403 Forbidden.");
  assert.equal(refusal.status, 403);
  assert.deepEqual(refusal.headers, [["A", "b"]]);
  assert.equal(refusal.page, "no");
});

for (const [what, answer, words, options] of [
  ["another protocol", (asked) => switching(asked).replace("WebSocket", "h2c"), /something else/],
  ["no upgrade", (asked) => switching(asked).replace("Upgrade\r", "x\r"), /something else/],
  ["the wrong key", (asked) => switching(asked.replace(/-Key: ./, "-Key: _")), /Accept/],
  ["an extension", (asked) => switching(asked, ["Sec-WebSocket-Extensions: z"]), /extension/],
  ["a protocol", (asked) => switching(asked, ["Sec-WebSocket-Protocol: x"]), /x, which was not/],
]) {
  test(`a handshake with ${what} that was not asked for is refused`, async () => {
    assert.match((await refusalOf(answer, options)).message, words);
  });
}

test("a page that may not hash does without the check of the key", async () => {
  const { crypto } = globalThis;
  const without = { getRandomValues: (bytes) => crypto.getRandomValues(bytes) };
  Object.defineProperty(globalThis, "crypto", { value: without, configurable: true });
  try {
    await withPeer(async (socket) => assert.equal(socket.response.status, 101));
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
  }
});

test("texts and bytes go both ways, masked from here, at every size of a length", async () => {
  await withPeer(async (socket, peer) => {
    const reader = socket.readable.getReader();
    for (const size of [0, 1, 125, 126, 65535, 65536, 200_000]) {
      const message = "é".repeat(size / 2) + "x".repeat(size % 2);
      socket.send(message);
      const sent = await peer.frame();
      assert.deepEqual([sent.first, sent.masked], [0x81, true]);
      assert.equal(sent.payload.toString(), message);
      peer.send(plain(0x81, message));
      assert.equal((await reader.read()).value, message);
    }
    socket.send(Uint8Array.of(0, 255));
    const sent = await peer.frame();
    assert.deepEqual([sent.first, ...sent.payload], [0x82, 0, 255]);
    peer.send(plain(0x82, [255, 0]));
    assert.deepEqual((await reader.read()).value, Uint8Array.of(255, 0));
  });
});

test("frames may be cut anywhere", async () => {
  await withPeer(async (socket, peer) => {
    const reader = socket.readable.getReader();
    const message = "wörld".repeat(30);
    for (const byte of plain(0x81, message)) peer.send(Buffer.of(byte));
    assert.equal((await reader.read()).value, message);
  });
});

test("a message may come in parts, with a ping between them that is answered", async () => {
  await withPeer(async (socket, peer) => {
    const half = Buffer.from("hé");
    peer.send(plain(0x01, half.subarray(0, 2))); // in the middle of a character
    peer.send(plain(0x89, "there?"));
    peer.send(plain(0x8a, "a pong nobody asked for"));
    peer.send(plain(0x00));
    peer.send(plain(0x80, half.subarray(2)));
    const pong = await peer.frame();
    assert.deepEqual([pong.first, pong.payload.toString()], [0x8a, "there?"]);
    assert.equal((await socket.readable.getReader().read()).value, "hé");
  });
});

test("a byte order mark is a part of the text", async () => {
  await withPeer(async (socket, peer) => {
    peer.send(plain(0x81, "\ufeffx"));
    assert.equal((await socket.readable.getReader().read()).value, "\ufeffx");
  });
});

for (const [what, bytes, code] of [
  ["a text that is not UTF-8", plain(0x81, [0xff]), 1007],
  ["a text that ends within a character", plain(0x81, [0xc3]), 1007],
  ["a reason that is not UTF-8", closing(1000, Buffer.of(0xff)), 1007],
  ["a message over the limit", plain(0x81, "x".repeat(1001)), 1009],
  ["parts over the limit", [plain(0x01, "x".repeat(999)), plain(0x80, "xx")], 1009],
  ["a length beyond reason", Buffer.of(0x82, 127, 255, 255, 255, 255, 0, 0, 0, 0), 1009],
  ["a reserved bit", plain(0xc1, "x"), 1002],
  ["an unknown opcode", plain(0x83, "x"), 1002],
  ["a masked frame", Buffer.of(0x81, 0x81, 0, 0, 0, 0, 65), 1002],
  ["a ping in parts", plain(0x09), 1002],
  ["a long ping", plain(0x89, "x".repeat(126)), 1002],
  ["a part of nothing", plain(0x80, "x"), 1002],
  ["a message within a message", [plain(0x01, "x"), plain(0x81, "y")], 1002],
  ["a close code of one byte", plain(0x88, "x"), 1002],
  ["close code 1005", closing(1005), 1002],
  ["close code 999", closing(999), 1002],
]) {
  test(`${what} ends the websocket with ${code}`, async () => {
    await withPeer(async (socket, peer) => {
      peer.send(Buffer.concat([bytes].flat()));
      const frame = await peer.frame();
      assert.equal(frame.first, 0x80 | CLOSE);
      assert.equal(frame.payload.readUInt16BE(), code);
      peer.socket.end();
      const closed = await socket.closed;
      assert.equal(closed.code, 1006);
      assert.match(closed.error.message, /\.$/);
      assert.deepEqual(await pieces(socket.readable), []);
    }, { longest: 1000 });
  });
}

test("closing here is answered there", async () => {
  await withPeer(async (socket, peer) => {
    socket.close(3001, "done");
    socket.close(1000); // too late
    const { payload } = await peer.frame();
    assert.deepEqual([payload.readUInt16BE(), payload.subarray(2).toString()], [3001, "done"]);
    await assert.rejects(socket.send("more"), /closed/);
    peer.send(plain(0x81, "the last"));
    peer.socket.end(closing(3001, "done"));
    assert.deepEqual(await socket.closed, { code: 3001, reason: "done", error: null });
    assert.deepEqual(await pieces(socket.readable), ["the last"]);
    assert.equal(await peer.frame(), null);
  });
});

test("closing there is answered here, after what came before", async () => {
  await withPeer(async (socket, peer) => {
    peer.send(Buffer.concat([plain(0x81, "bye"), closing(1001, "going")]));
    const { first, payload } = await peer.frame();
    assert.deepEqual([first, payload.readUInt16BE()], [0x88, 1001]);
    peer.socket.end();
    assert.deepEqual(await socket.closed, { code: 1001, reason: "going", error: null });
    assert.deepEqual(await pieces(socket.readable), ["bye"]);
  });
});

test("a close without a code is 1005", async () => {
  await withPeer(async (socket, peer) => {
    peer.send(plain(0x88));
    assert.equal((await peer.frame()).payload.length, 0);
    peer.socket.end();
    assert.equal((await socket.closed).code, 1005);
  });
});

test("a connection that ends without a close is 1006, and nothing that came is lost", async () => {
  await withPeer(async (socket, peer) => {
    peer.socket.end(Buffer.concat([plain(0x81, "one"), plain(0x81, "two"), Buffer.of(0x81)]));
    const closed = await socket.closed;
    assert.equal(closed.code, 1006);
    assert.equal(closed.error.message, "The connection ended without a close frame.");
    assert.deepEqual(await pieces(socket.readable), ["one", "two"]);
  });
});

test("a server that does not answer the closing is left", async () => {
  await withPeer(async (socket, peer) => {
    socket.close();
    assert.equal((await socket.closed).code, 1006);
    assert.equal((await peer.frame()).payload.length, 0);
  }, { patience: 10 });
});

test("aborting the signal closes with 1000", async () => {
  const abort = new AbortController();
  await withPeer(async (socket, peer) => {
    abort.abort();
    assert.equal((await peer.frame()).payload.readUInt16BE(), 1000);
    peer.socket.end(closing(1000));
    assert.equal((await socket.closed).code, 1000);
  }, { signal: abort.signal });
});

test("aborting the signal before the answer gives up", async () => {
  const abort = new AbortController();
  await withServer(
    async (socket) => {
      await heardRequest(socket);
      abort.abort("enough");
    },
    async ({ connect }) => {
      const opening = openWebSocket(await connect(), { ...ASKED, signal: abort.signal });
      await assert.rejects(opening, (error) => error === "enough");
    },
  );
});

test("giving up reading closes with 1000", async () => {
  await withPeer(async (socket, peer) => {
    await socket.readable.cancel();
    assert.equal((await peer.frame()).payload.readUInt16BE(), 1000);
    peer.socket.end(closing(1000));
    assert.equal((await socket.closed).error, null);
  });
});

test("a reader that is slow holds up the server, and closing does not wait for it", async () => {
  await withPeer(async (socket, peer) => {
    const chunk = plain(0x82, Buffer.alloc(60_000));
    let held = false;
    for (let sent = 0; sent < 2000 && !held; sent += 1) {
      held = !peer.socket.write(chunk) && peer.socket.writableLength > 4_000_000;
    }
    assert.ok(held);
    const reader = socket.readable.getReader();
    assert.equal((await reader.read()).value.length, 60_000);
    socket.close();
    assert.equal((await peer.frame()).first, 0x88);
    peer.socket.end(plain(0x88));
    assert.equal((await socket.closed).code, 1005);
  });
});

test("codes and reasons that cannot be sent are refused", async () => {
  await withPeer(async (socket) => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
      assert.throws(() => socket.close(code), RangeError);
    }
    assert.throws(() => socket.close(1000, "é".repeat(62)), RangeError);
  });
});

test("the key of the standard's example is accepted as it says", () => {
  const request = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  assert.equal(acceptFor(request), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});
