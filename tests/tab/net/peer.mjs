// The server's side of a websocket, byte by byte, as a test wants it.

import { createHash } from "node:crypto";

import { openWebSocket } from "../../../slides/tab/net/websocket.js";
import { heardRequest, withServer } from "./wire.mjs";

export const CLOSE = 8;
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const ASKED = { path: "/talk", host: "localhost:8888" };

// Runs `test(socket, peer)` on an open websocket; `test` may be given more options for it.
export async function withPeer(test, options = {}) {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  await withServer(
    async (socket) => open(new Peer(socket, await heardRequest(socket))),
    async ({ connect }) => {
      const opening = openWebSocket(await connect(), { ...ASKED, ...options });
      const peer = await opened;
      peer.accept();
      await test(await opening, peer);
    },
  );
}

export function acceptFor(request) {
  const key = /^sec-websocket-key: (.*)$/im.exec(request)[1].trim();
  return createHash("sha1").update(key + MAGIC).digest("base64");
}

export function switching(request, headers = []) {
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: WebSocket",
    "Connection: keep-alive, Upgrade",
    `Sec-WebSocket-Accept: ${acceptFor(request)}`,
    ...headers,
    "\r\n",
  ].join("\r\n");
}

// An unmasked frame; `first` is its first byte.
export function plain(first, payload = "") {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = { 2: bytes.length, 4: 126, 10: 127 }[head.length];
  if (head.length === 4) head.writeUInt16BE(bytes.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([head, bytes]);
}

export function closing(code, reason = "") {
  return plain(0x88, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
}

export class Peer {
  #bytes;

  constructor(socket, request) {
    this.socket = socket;
    this.request = request;
    this.#bytes = socket.iterator({ destroyOnReturn: false });
    this.rest = Buffer.alloc(0);
  }

  accept() {
    this.socket.write(switching(this.request));
  }

  send(bytes) {
    this.socket.write(bytes);
  }

  // The next frame of the client: {first, masked, payload}; null when it has hung up.
  async frame() {
    const start = await this.#take(2);
    if (!start) return null;
    let length = start[1] & 0x7f;
    if (length === 126) length = (await this.#take(2)).readUInt16BE();
    else if (length === 127) length = Number((await this.#take(8)).readBigUInt64BE());
    const mask = await this.#take(4);
    const payload = (await this.#take(length)).map((byte, index) => byte ^ mask[index % 4]);
    return { first: start[0], masked: start[1] >= 128, payload };
  }

  async #take(count) {
    while (this.rest.length < count) {
      const { done, value } = await this.#bytes.next().catch(() => ({ done: true }));
      if (done) return null;
      this.rest = Buffer.concat([this.rest, value]);
    }
    const taken = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    return taken;
  }
}
