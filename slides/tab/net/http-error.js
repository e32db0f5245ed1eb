// What can be wrong with a response.

// `code` is one of EMPTY (nothing came), CUT (it ended in the middle; `missing` bytes, if known),
// LOST (the connection broke), FOREIGN (no HTTP at all), BROKEN (against its rules), CHUNK (the
// same in a chunked body), LONG (headers without end).
export class HttpError extends Error {
  constructor(code, message, facts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.missing = facts.missing ?? null;
  }
}
