// A TCP connection into a process, as two streams of bytes. Under it is a MessagePort with credit:
// neither end sends more than the other has room for.

const BUFFER = 1024 * 1024; // bytes a process sends before it must wait for us, and we for it
const QUEUE = 64 * 1024; // bytes that wait here for a reader before its credit is held back

export class ConnectionRefused extends Error {
  code = "ECONNREFUSED";
}

export class ConnectionReset extends Error {
  code = "ECONNRESET";
}

export class Connection {
  #port;
  #incoming;
  #outgoing;
  #credit = BUFFER;
  #unread = 0;
  #roomy = null; // called when there is credit again
  #ended = { here: false, there: false };

  constructor(port) {
    this.#port = port;
    this.readable = new ReadableStream(
      {
        start: (controller) => void (this.#incoming = controller),
        pull: () => this.#giveCredit(),
        cancel: () => this.close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE }),
    );
    this.writable = new WritableStream({
      start: (controller) => void (this.#outgoing = controller),
      write: (bytes) => this.#send(bytes),
      close: () => this.#end("here", { end: true }),
      abort: () => this.close(),
    });
    port.onmessage = ({ data }) => this.#receive(data);
  }

  // Both ways, at once: what is on its way is lost.
  close() {
    if (!this.#isOver) this.#port.postMessage({ reset: true });
    this.#fail(new ConnectionReset("the connection was closed here"));
  }

  get #isOver() {
    return this.#ended.here && this.#ended.there;
  }

  // The process at the other end is gone.
  lose() {
    this.#fail(new ConnectionReset("the program ended"));
  }

  #receive(message) {
    if (message instanceof Uint8Array) this.#take(message);
    else if (message.credit) this.#refill(message.credit);
    else if (message.end) this.#finish();
    else if (message.reset) this.#fail(new ConnectionReset("the program closed the connection"));
  }

  #take(bytes) {
    if (this.#ended.there) return;
    this.#unread += bytes.length;
    this.#incoming.enqueue(bytes);
    if (this.#incoming.desiredSize > 0) this.#giveCredit();
  }

  #giveCredit() {
    if (this.#unread === 0) return;
    this.#port.postMessage({ credit: this.#unread });
    this.#unread = 0;
  }

  #refill(count) {
    this.#credit += count;
    this.#roomy?.();
  }

  async #send(bytes) {
    for (let at = 0; at < bytes.length; ) {
      while (this.#credit <= 0) await new Promise((resolve) => (this.#roomy = resolve));
      if (this.#ended.here) return;
      const part = bytes.slice(at, at + this.#credit);
      this.#credit -= part.length;
      at += part.length;
      this.#port.postMessage(part, [part.buffer]);
    }
  }

  #finish() {
    if (this.#ended.there) return;
    this.#incoming.close();
    this.#end("there");
  }

  #fail(error) {
    if (!this.#ended.there) this.#incoming.error(error);
    if (!this.#ended.here) this.#outgoing.error(error);
    this.#ended = { here: true, there: true };
    this.#credit = Infinity;
    this.#roomy?.();
    this.#port.close();
  }

  #end(side, message) {
    if (this.#ended[side]) return;
    if (message) this.#port.postMessage(message);
    this.#ended[side] = true;
    if (this.#isOver) this.#port.close();
  }
}
