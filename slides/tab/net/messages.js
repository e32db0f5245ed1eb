// What the frames of a websocket carry: messages in parts, and the reasons for closing.

import { CONTINUATION, ProtocolError, TEXT } from "./frames.js";
import { concatenated } from "./incoming.js";

const BROKEN = 1002; // what a close frame says, or its absence
const NO_CODE = 1005;
const NOT_TEXT = 1007;
const LONGEST_REASON = 123; // bytes

// What a close frame carries; `code` null for nothing.
export function closePayload(code, reason) {
  const text = new TextEncoder().encode(reason);
  if (code === null) return new Uint8Array(0);
  if (!isCode(code)) throw new RangeError(`A websocket cannot be closed with code ${code}.`);
  if (text.length > LONGEST_REASON) throw new RangeError("The reason for closing is too long.");
  return concatenated([Uint8Array.of(code >> 8, code & 255), text]);
}

export function readClose(payload) {
  if (payload.length === 0) return { code: NO_CODE, reason: "" };
  const code = payload[0] * 256 + payload[1];
  if (!isCode(code)) throw new ProtocolError(BROKEN, "A close frame has no valid code.");
  return { code, reason: decoded(payload.subarray(2)) };
}

// The codes that may be sent (RFC 6455, 7.4): the others only say what came instead of one.
function isCode(code) {
  const defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  return defined.includes(code) || (Number.isInteger(code) && code >= 3000 && code < 5000);
}

function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProtocolError(NOT_TEXT, "A text is not UTF-8.");
  }
}

// A message that may come in parts.
export class Assembly {
  #kind = null; // of the message that has begun
  #parts = [];
  #length = 0;

  get length() {
    return this.#length;
  }

  // Takes a frame; gives the message, text or bytes, that it is the last part of, else null.
  add({ opcode, final, payload }) {
    if ((opcode === CONTINUATION) !== (this.#kind !== null)) {
      throw new ProtocolError(BROKEN, "The parts of a message are out of order.");
    }
    this.#kind ??= opcode;
    if (payload.length) this.#parts.push(payload);
    this.#length += payload.length;
    return final ? this.#whole() : null;
  }

  #whole() {
    const bytes = concatenated(this.#parts);
    const isText = this.#kind === TEXT;
    this.#kind = null;
    this.#parts = [];
    this.#length = 0;
    return isText ? decoded(bytes) : bytes;
  }
}
