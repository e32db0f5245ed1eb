// An HTTP/1.1 client: one exchange over one connection.

import { bodyPieces } from "./body.js";
import { readHead, requestHead } from "./head.js";
import { HttpError } from "./http-error.js";
import { bytesOf, concatenated, Incoming, sendBytes } from "./incoming.js";

export { HttpError };

const SWITCHING = 101;
const NO_BODY = new Uint8Array(0);

// Sends {method, path, headers, body, signal, close} and gives the response when its headers are
// there: {version, status, reason, headers: [[name, value], …], body: ReadableStream<Uint8Array>,
// trailers}; the trailers are there when the body has been read. Headers are one character a byte.
// Reading the body slowly slows the server; cancelling it, or aborting the signal, hangs up.
// `close: false` leaves out the header that says no other request will come. For those who show
// them, `onRequest` gets the text before the body, and `onHead` that of each response, 1xx too.
// Fails with an HttpError; with a TypeError for what cannot be sent.
export async function request(connection, options) {
  const { body = null, signal = null } = options;
  const incoming = new Incoming(connection);
  const hangUp = once(() => {
    signal?.removeEventListener("abort", hangUp);
    return incoming.hangUp();
  });
  signal?.addEventListener("abort", hangUp);
  try {
    signal?.throwIfAborted();
    const head = requestHead({ ...options, length: body?.length ?? null });
    options.onRequest?.(head);
    const sending = sendBytes(connection.writable, concatenated([bytesOf(head), body ?? NO_BODY]));
    sending.catch(() => {}); // a server may answer, and stop reading: its answer counts
    const response = await readResponse(incoming, options.onHead);
    if (response.status === SWITCHING) await sending;
    const pieces = bodyPieces(incoming, response, options.method);
    return { ...response, body: stream(pieces, hangUp, signal) };
  } catch (error) {
    hangUp();
    throw explained(error, signal);
  }
}

async function readResponse(incoming, onHead) {
  for (let before = 0; ; ) {
    const { text, ...response } = await readHead(incoming, before);
    onHead?.(text);
    if (response.status >= 200 || response.status === SWITCHING) {
      return { ...response, trailers: [] };
    }
    before += text.length;
  }
}

// A stream that takes a piece only when it is asked for one.
function stream(pieces, hangUp, signal) {
  const start = (controller) => {
    if (pieces) return;
    controller.close();
    hangUp();
  };
  const pull = async (controller) => {
    try {
      const { done, value } = await pieces.next();
      if (!done) return controller.enqueue(value);
      controller.close();
      hangUp();
    } catch (error) {
      hangUp();
      controller.error(explained(error, signal));
    }
  };
  return new ReadableStream({ start, pull, cancel: () => void hangUp() }, { highWaterMark: 0 });
}

function explained(error, signal) {
  if (signal?.aborted) return signal.reason;
  if (error instanceof HttpError || error instanceof TypeError) return error;
  return new HttpError("LOST", `The connection was lost: ${error.message}.`, { cause: error });
}

function once(act) {
  let result = null;
  return () => (result ??= act());
}
