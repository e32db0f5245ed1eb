// What the curl line shows: the body and the headers where a program's output goes, the rest beside
// it.

import { bytesOf } from "./incoming.js";

export class Output {
  #options;
  #write;
  #writeError;
  #drops;

  // `name` is that of --output, or undefined.
  constructor(options, name, { write, writeError }) {
    this.#options = options;
    this.#write = write;
    this.#writeError = writeError;
    this.#drops = name === "/dev/null";
  }

  async body(bytes) {
    if (!this.#drops) await this.#write(bytes);
  }

  // The head of a request, one character a byte.
  sent(head) {
    this.#show("> ", head);
  }

  // The head of a response, or its trailers.
  received(head) {
    this.#show("< ", head);
    const isShown = this.#options.include || this.#options.head;
    if (isShown && !this.#drops) this.#write(bytesOf(head));
  }

  note(text) {
    if (this.#options.verbose) this.#writeError(`* ${text}\n`);
  }

  error({ status, message }) {
    if (this.#options.silent && !this.#options.showError) return;
    this.#writeError(`curl: (${status}) ${message}\n`);
  }

  #show(sign, head) {
    if (!this.#options.verbose) return;
    this.#writeError(bytesOf(head.replace(/^(?=.)|(?<=\n)(?=.)/gs, sign)));
  }
}
