// What comes from a connection, taken by lines, by counts, or as it arrives.

const NOTHING = new Uint8Array(0);
const LINE_FEED = 10;

export class Incoming {
  #connection;
  #reader;
  #rest = NOTHING; // arrived, and not yet taken

  constructor(connection) {
    this.#connection = connection;
    this.#reader = connection.readable.getReader();
  }

  // What has arrived, as soon as there is any, `most` bytes of it at most; null at the end.
  async some(most = Infinity) {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  // Exactly so many bytes; null when the end comes before.
  async exactly(count) {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      const piece = await this.some(count - filled);
      if (!piece) return null;
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  // A line with its end, one character a byte, as headers are. Without an end where the connection
  // ends within it, and empty where it ended before. Over `most` bytes it is a RangeError.
  async line(most) {
    let text = "";
    while (!text.endsWith("\n")) {
      const piece = await this.some();
      if (!piece) break;
      const part = piece.subarray(0, piece.indexOf(LINE_FEED) + 1 || piece.length);
      this.#rest = piece.subarray(part.length);
      if (text.length + part.length > most) throw new RangeError(`a line over ${most} bytes`);
      text += textOf(part);
    }
    return text;
  }

  // Ends the connection as closing a socket does: our side in order, so that a program that reads
  // sees the end. Only what it sends after that meets a reset.
  async hangUp() {
    this.#reader.releaseLock(); // whoever waits for bytes fails
    if (this.#rest.length === 0 && !this.#connection.writable.locked) {
      this.#connection.writable.close().catch(() => {}); // it may have failed already
      await this.#connection.readable.getReader().read().catch(() => {});
    }
    this.#connection.close();
  }
}

// Sends bytes, and leaves the stream to whoever comes next.
export async function sendBytes(writable, bytes) {
  const writer = writable.getWriter();
  try {
    await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}

// Latin-1: TextDecoder takes that name for another encoding.
export function textOf(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

export function bytesOf(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function concatenated(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
