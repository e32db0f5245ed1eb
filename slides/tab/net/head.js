// The first part of a request and of a response: a line, and headers.

import { HttpError } from "./http-error.js";

const LIMIT = 64 * 1024; // bytes of all the headers of a response
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TARGET = /^[!-~\x80-\xff]+$/;
const VALUE = /^[\t -~\x80-\xff]*$/;
const STATUS = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: (.*))?$/;

// The text of a request's head; `length` is that of its body. A TypeError says what cannot be sent.
export function requestHead({ method = "GET", path, headers = [], close = true, length = null }) {
  if (!TOKEN.test(method)) throw new TypeError(`${JSON.stringify(method)} is not a method.`);
  if (!TARGET.test(path)) throw new TypeError(`${JSON.stringify(path)} is not a path to ask for.`);
  const sent = [...headers];
  if (length !== null && !has(headers, "content-length")) sent.push(["Content-Length", length]);
  if (close && !has(headers, "connection")) sent.push(["Connection", "close"]);
  const lines = sent.map(([name, value]) => headerLine(name, `${value}`));
  return [`${method} ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

function headerLine(name, value) {
  if (TOKEN.test(name) && VALUE.test(value)) return value ? `${name}: ${value}` : `${name}:`;
  throw new TypeError(`${JSON.stringify(`${name}: ${value}`)} is not a header that can be sent.`);
}

function has(headers, wanted) {
  return headers.some(([name]) => name.toLowerCase() === wanted);
}

// The value of a header, those of the same name joined by commas; null where there is none.
export function valueOf(headers, wanted) {
  const found = headers.filter(([name]) => name.toLowerCase() === wanted);
  return found.length ? found.map(([, value]) => value).join(", ") : null;
}

// Reads up to the empty line: {version, status, reason, headers, text}. `before` are the bytes
// that other heads took of the limit.
export async function readHead(incoming, before = 0) {
  const room = LIMIT - before;
  const first = await readLine(incoming, room);
  if (first === "" && before === 0) {
    throw new HttpError("EMPTY", "The server closed the connection without an answer.");
  }
  const [, version, status, reason = ""] = STATUS.exec(trimmed(first)) ?? refuse(first);
  const { headers, text } = await readHeaders(incoming, room - first.length);
  return { version, status: Number(status), reason, headers, text: first + text };
}

function refuse(first) {
  if (first.startsWith("HTTP/")) {
    throw new HttpError("BROKEN", `The server's first line is ${JSON.stringify(trimmed(first))}.`);
  }
  const start = JSON.stringify(first.slice(0, 40));
  throw new HttpError("FOREIGN", `The server does not speak HTTP: its answer starts ${start}.`);
}

// The headers, or a chunked body's trailers: {headers, text}, `text` with the empty line.
export async function readHeaders(incoming, room = LIMIT) {
  const headers = [];
  let text = "";
  for (;;) {
    const line = await readLine(incoming, room - text.length);
    if (!line.endsWith("\n")) {
      throw new HttpError("CUT", "The server closed the connection in the middle of its headers.");
    }
    text += line;
    if (trimmed(line) === "") return { headers, text };
    addHeader(headers, trimmed(line));
  }
}

function addHeader(headers, line) {
  if (/^[ \t]/.test(line) && headers.length) {
    headers.at(-1)[1] += ` ${line.trim()}`; // the line before goes on here: an old custom
    return;
  }
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 0 || !TOKEN.test(name)) {
    throw new HttpError("BROKEN", `The server sent ${JSON.stringify(line)} as a header.`);
  }
  headers.push([name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")]);
}

async function readLine(incoming, room) {
  try {
    return await incoming.line(room);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new HttpError("LONG", `The server's headers are over ${LIMIT} bytes.`);
  }
}

function trimmed(line) {
  return line.replace(/\r?\n$/, "");
}
