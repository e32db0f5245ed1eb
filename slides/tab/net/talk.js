// The addresses of the curl line that are a conversation: ws:// and telnet://. What the user types
// is sent line by line, and what comes is shown as it comes.

import { parseAddress } from "./address.js";
import { headersOf } from "./asking.js";
import { connected } from "./connecting.js";
import { CurlError } from "./curl-error.js";
import { valueOf } from "./head.js";
import { Incoming, sendBytes } from "./incoming.js";
import { bytesAsText } from "./options.js";
import { receivedHead } from "./transfer.js";
import { openWebSocket, WebSocketRefused } from "./websocket.js";

const REFUSED = 22;
const LOST = 56;
const IN_ORDER = [1000, 1001, 1005];
const PATIENCE = 1000; // milliseconds after Ctrl-C for a server to close

// The server's bytes and the user's lines, raw.
export async function telnet(job) {
  const { facts, output, signal } = job;
  const connection = await connected(parseAddress(job.url), job);
  const incoming = new Incoming(connection);
  const hangUp = () => incoming.hangUp();
  signal.addEventListener("abort", hangUp);
  const encoder = new TextEncoder();
  const send = (line) => sendBytes(connection.writable, encoder.encode(`${line}\n`));
  const stopTyping = type(job.context.input, send);
  try {
    for (let piece = await incoming.some(); piece; piece = await incoming.some()) {
      facts.received += piece.length;
      await output.body(piece);
    }
  } finally {
    signal.removeEventListener("abort", hangUp);
    stopTyping();
    if (!signal.aborted) hangUp();
  }
}

// A message is a line. Ctrl-C closes with code 1000, and so does the end of --max-time.
export async function websocket(job) {
  const { facts, output } = job;
  const socket = await opened(job);
  const stopTyping = type(job.context.input, (line) => socket.send(line));
  const reader = socket.readable.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    facts.received += piece.value.length;
    await output.body(typeof piece.value === "string" ? `${piece.value}\n` : shown(piece.value));
  }
  stopTyping();
  const { code, reason, error } = await socket.closed;
  job.signal.throwIfAborted();
  const how = `The server closed the websocket: ${code} ${reason}`.trim();
  if (error) throw new CurlError(LOST, error.message);
  if (!IN_ORDER.includes(code)) throw new CurlError(LOST, how);
  output.note(how);
}

async function opened(job) {
  const { cookies, facts, options, output, signal } = job;
  const address = parseAddress(job.url);
  const connection = await connected(address, job);
  const kept = cookies?.header(address.hostname, address.path);
  const headers = headersOf({ address, data: null, isPrivate: true }, options, kept);
  try {
    const socket = await openWebSocket(connection, {
      path: bytesAsText(address.path),
      host: valueOf(headers, "host") ?? address.host,
      headers: headers.filter(([name]) => name.toLowerCase() !== "host"),
      signal,
      patience: PATIENCE,
      onRequest: (head) => output.sent(head),
      onHead: (head) => receivedHead(head, job),
    });
    facts.status = socket.response.status;
    return socket;
  } catch (error) {
    if (!(error instanceof WebSocketRefused)) throw error;
    facts.status = error.status;
    error.body.cancel();
    throw new CurlError(REFUSED, error.message);
  }
}

function shown(bytes) {
  const hex = Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0"));
  return `(${bytes.length} bytes: ${hex.join(" ")}${bytes.length > 16 ? " …" : ""})\n`;
}

// Calls `send` with each line that is typed, until what it gives is called.
function type(input, send) {
  const reader = input?.getReader();
  const pump = async () => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      for (const line of piece.value.replace(/\n$/, "").split("\n")) await send(line);
    }
  };
  if (reader) pump().catch(() => {}); // where nobody listens any more, reading finds out
  return () => {
    reader?.cancel();
    reader?.releaseLock();
  };
}
