// How the curl line fails.

import { HttpError } from "./http-error.js";

// `status` is curl's own number for it, where it has one, and what the line ends with.
export class CurlError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// The line itself is wrong; the message is all there is to show.
export class UsageError extends Error {
  status = 2;
}

export const INTERRUPTED = 130; // by Ctrl-C, about which nothing is said

const STATUS = { EMPTY: 52, CUT: 18, LOST: 56, FOREIGN: 1, BROKEN: 8, CHUNK: 56, LONG: 56 };
const OWN_WORDS = {
  EMPTY: () => "Empty reply from server",
  CUT: ({ missing }) => `transfer closed with ${remaining(missing)}`,
  LOST: () => "Recv failure: Connection reset by peer",
  FOREIGN: () => "Received HTTP/0.9 when not allowed",
  CHUNK: () => "Illegal or missing hexadecimal sequence in chunked-encoding",
};

// Any error as the CurlError it is here.
export function asCurlError(error) {
  if (error instanceof CurlError) return error;
  if (error instanceof HttpError) {
    const words = OWN_WORDS[error.code]?.(error) ?? error.message;
    return new CurlError(STATUS[error.code], words);
  }
  const BAD_ARGUMENT = 43;
  const NO_TRANSFER = 56;
  return new CurlError(error instanceof TypeError ? BAD_ARGUMENT : NO_TRANSFER, error.message);
}

function remaining(missing) {
  return missing === null
    ? "outstanding read data remaining"
    : `${missing} bytes remaining to read`;
}
