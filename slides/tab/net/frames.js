// The frames of the websocket protocol (RFC 6455, 5), as a client sends and takes them.

import { concatenated } from "./incoming.js";

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
const KNOWN = [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG];

const BROKEN = 1002; // what a close frame says
const TOO_LONG = 1009;

// The server broke the protocol; `code` is what to tell it.
export class ProtocolError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// The bytes of one whole message, or of a control frame, masked as a client's must be.
export function frame(opcode, payload) {
  const mask = crypto.getRandomValues(new Uint8Array(4));
  const masked = payload.map((byte, index) => byte ^ mask[index & 3]);
  return concatenated([header(opcode, payload.length), mask, masked]);
}

function header(opcode, length) {
  const bytes = new DataView(new ArrayBuffer(length < 126 ? 2 : length < 2 ** 16 ? 4 : 10));
  bytes.setUint8(0, 0x80 | opcode);
  bytes.setUint8(1, 0x80 | { 2: length, 4: 126, 10: 127 }[bytes.byteLength]);
  if (bytes.byteLength === 4) bytes.setUint16(2, length);
  if (bytes.byteLength === 10) bytes.setBigUint64(2, BigInt(length));
  return new Uint8Array(bytes.buffer);
}

// Reads a frame with at most `most` bytes of payload: {final, opcode, payload}; null at the end of
// the connection.
export async function readFrame(incoming, most) {
  const start = await incoming.exactly(2);
  if (!start) return null;
  const [first, second] = start;
  const final = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  if (first & 0x70) throw new ProtocolError(BROKEN, "A frame has bits of an extension.");
  if (!KNOWN.includes(opcode)) throw new ProtocolError(BROKEN, `A frame has opcode ${opcode}.`);
  if (second & 0x80) throw new ProtocolError(BROKEN, "A frame from the server is masked.");
  if (opcode >= CLOSE && (!final || second > 125)) {
    throw new ProtocolError(BROKEN, "A control frame is in parts, or too long.");
  }
  const length = await payloadLength(incoming, second);
  if (length === null) return null;
  if (opcode < CLOSE && length > most) throw new ProtocolError(TOO_LONG, "A message is too long.");
  const payload = await incoming.exactly(length);
  return payload && { final, opcode, payload };
}

async function payloadLength(incoming, short) {
  if (short < 126) return short;
  const bytes = await incoming.exactly(short === 126 ? 2 : 8);
  return bytes && bytes.reduce((length, byte) => length * 256 + byte, 0);
}
