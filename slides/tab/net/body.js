// The body of a response, piece by piece as it arrives.

import { readHeaders, valueOf } from "./head.js";
import { HttpError } from "./http-error.js";

const CHUNK_LINE = 4096; // bytes a chunk's size and its extensions may take
const WITHOUT_BODY = [204, 304];
const SWITCHING = 101;

// Gives an async iterator of byte arrays, or null where there is no body. Its length follows from
// `response` (RFC 9112, 6.3). The headers after a chunked body are added to `response.trailers`.
// Throws an HttpError where the length makes no sense.
export function bodyPieces(incoming, response, method) {
  const { status, headers } = response;
  if (status === SWITCHING) return untilClosed(incoming);
  if (method === "HEAD" || WITHOUT_BODY.includes(status)) return null;
  const coding = valueOf(headers, "transfer-encoding");
  if (coding?.toLowerCase() === "chunked") return chunked(incoming, response.trailers);
  if (coding) throw new HttpError("BROKEN", `The server's transfer encoding ${coding} is unknown.`);
  const length = valueOf(headers, "content-length");
  if (length === null) return untilClosed(incoming);
  return lengthOf(length) === 0 ? null : counted(incoming, lengthOf(length));
}

function lengthOf(text) {
  const lengths = new Set(text.split(/[ \t]*,[ \t]*/)); // repeated, it must say the same
  const [length] = lengths;
  if (lengths.size === 1 && /^\d+$/.test(length) && Number.isSafeInteger(+length)) return +length;
  throw new HttpError("BROKEN", `The server's Content-Length is ${JSON.stringify(text)}.`);
}

async function* untilClosed(incoming) {
  for (;;) {
    const piece = await incoming.some();
    if (!piece) return;
    yield piece;
  }
}

// `isAll` says whether they are the whole body, so that its end is known.
async function* counted(incoming, length, isAll = true) {
  for (let missing = length; missing > 0; ) {
    const piece = await incoming.some(missing);
    if (!piece) throw cut(isAll ? missing : null);
    missing -= piece.length;
    yield piece;
  }
}

function cut(missing) {
  const where = missing === null ? "before" : `${missing} bytes before`;
  return new HttpError("CUT", `The connection ended ${where} the end of the body.`, { missing });
}

async function* chunked(incoming, trailers) {
  for (;;) {
    const size = await chunkSize(incoming);
    if (size === 0) break;
    yield* counted(incoming, size, false);
    if ((await chunkLine(incoming)) === "") continue;
    throw new HttpError("CHUNK", "A chunk of the body is longer than it says.");
  }
  trailers.push(...(await readHeaders(incoming)).headers);
}

async function chunkSize(incoming) {
  const line = await chunkLine(incoming);
  const [, digits] = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
  if (digits) return parseInt(digits, 16);
  throw new HttpError("CHUNK", `${JSON.stringify(line)} is not the size of a chunk.`);
}

async function chunkLine(incoming) {
  const line = await incoming.line(CHUNK_LINE).catch((error) => {
    if (!(error instanceof RangeError)) throw error;
    throw new HttpError("CHUNK", "The size of a chunk is a line without end.");
  });
  if (line.endsWith("\n")) return line.replace(/\r?\n$/, "");
  throw cut(null);
}
