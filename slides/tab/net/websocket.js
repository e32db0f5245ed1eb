// A websocket (RFC 6455) over a connection, without extensions.

import { BINARY, CLOSE, frame, PING, PONG, ProtocolError, readFrame, TEXT } from "./frames.js";
import { handshake, WebSocketRefused } from "./handshake.js";
import { Incoming } from "./incoming.js";
import { Assembly, closePayload, readClose } from "./messages.js";

export { WebSocketRefused };

const LONGEST = 16 * 1024 * 1024; // bytes of a message
const QUEUE = 64 * 1024; // bytes that wait for a reader before the server must
const PATIENCE = 3000; // milliseconds a server has for its part of closing
const NORMAL = 1000;
const NO_CODE = 1005;
const LOST = 1006;

// Opens a websocket with {path, host, headers, protocols, signal} and gives a Socket. Rejects with
// WebSocketRefused, which is the HTTP response, where the server opens none. Aborting the signal
// ends the opening; later it closes with code 1000. `longest` bounds a message, in bytes, and
// `patience` the wait for the server's part of closing, in milliseconds.
export async function openWebSocket(connection, { signal = null, ...options }) {
  const opening = new AbortController();
  let stop = () => opening.abort(signal.reason);
  const heed = () => stop();
  const forget = () => signal?.removeEventListener("abort", heed);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", heed);
  try {
    const opened = await handshake(connection, { ...options, signal: opening.signal });
    const socket = new Socket(connection, opened, options);
    stop = () => socket.close(NORMAL);
    socket.closed.then(forget);
    return socket;
  } catch (error) {
    forget();
    throw error;
  }
}

// {protocol, response, readable: ReadableStream<string|Uint8Array>, send, close, closed}
class Socket {
  #connection;
  #incoming;
  #writer;
  #longest;
  #patience;
  #messages; // the controller of `readable`, until nobody reads it
  #closing = null; // the sending of our close frame
  #timer = 0;
  #roomy = () => {}; // called when the queue of messages is shorter

  constructor(connection, { response, protocol }, { longest = LONGEST, patience = PATIENCE }) {
    this.#connection = connection;
    this.#incoming = new Incoming({ readable: response.body });
    this.#writer = connection.writable.getWriter();
    this.#longest = longest;
    this.#patience = patience;
    this.response = response;
    this.protocol = protocol;
    this.readable = this.#stream();
    // How it ended: {code, reason, error}; `error` is null where both sides closed in order.
    this.closed = this.#run();
  }

  // Sends a string or bytes; resolves when there is room for more.
  send(data) {
    const isText = typeof data === "string";
    const payload = isText ? new TextEncoder().encode(data) : new Uint8Array(data);
    const sending = this.#closing
      ? Promise.reject(new Error("The websocket is closed."))
      : this.#writer.write(frame(isText ? TEXT : BINARY, payload));
    sending.catch(() => {}); // `closed` tells it to those who do not wait
    return sending;
  }

  // Begins to close. A RangeError says which codes and reasons cannot be sent.
  close(code = null, reason = "") {
    const payload = closePayload(code, reason);
    if (this.#closing) return;
    this.#closing = this.#writer.write(frame(CLOSE, payload)).catch(() => {});
    this.#timer = setTimeout(() => this.#connection.close(), this.#patience);
    this.#roomy();
  }

  async #run() {
    const end = await this.#receive().catch((error) => ({ code: LOST, reason: "", error }));
    if (end.error instanceof ProtocolError) this.close(end.error.code, end.error.message);
    else if (!end.error) this.close(end.code === NO_CODE ? null : end.code);
    this.#messages?.close();
    await this.#finish();
    return end;
  }

  // The server ends the connection first, if it will: closing it here could lose our close frame.
  async #finish() {
    this.#closing ??= Promise.resolve();
    try {
      await this.#closing;
      this.#writer.releaseLock(); // so that the connection can be ended in order
      while (await this.#incoming.some());
    } catch {
      // it is gone already
    }
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  // Passes messages on until the server closes, and gives its code and reason.
  async #receive() {
    const assembly = new Assembly();
    for (;;) {
      const received = await readFrame(this.#incoming, this.#longest - assembly.length);
      if (!received) throw new Error("The connection ended without a close frame.");
      const { opcode, payload } = received;
      if (opcode === CLOSE) return { ...readClose(payload), error: null };
      if (opcode === PING && !this.#closing) await this.#writer.write(frame(PONG, payload));
      if (opcode >= CLOSE) continue;
      const message = assembly.add(received);
      if (message !== null) await this.#deliver(message);
    }
  }

  async #deliver(message) {
    this.#messages?.enqueue(message);
    while (this.#messages?.desiredSize <= 0 && !this.#closing) {
      await new Promise((resolve) => (this.#roomy = resolve));
    }
  }

  #stream() {
    const start = (controller) => void (this.#messages = controller);
    const pull = () => this.#roomy();
    const cancel = () => {
      this.#messages = null;
      this.close(NORMAL);
    };
    const size = (message) => message.length + 1;
    return new ReadableStream({ start, pull, cancel }, { highWaterMark: QUEUE, size });
  }
}
