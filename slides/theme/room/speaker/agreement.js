// One thing that several windows move, such as the slide that is shown: what is done here holds here
// at once, and the last one who acted, as the server saw it, holds for all.

const PATIENCE = 1500; // ms for the server to tell what it was sent

export class Agreement {
  #unheard = []; // what was done here and not told yet, in order
  #told; // what everybody has, as far as is known
  #isOvertaken = false; // somebody else acted while ours was under way
  #timer = 0;

  // `send` tells the server, `adopt` makes it so in this window.
  constructor(start, { send, adopt }) {
    this.here = start;
    this.#told = null;
    this.send = send;
    this.adopt = adopt;
  }

  // Somebody acts in this window, connected or not.
  act(value) {
    this.here = value;
    this.#unheard.push(value);
    this.send(value);
    this.adopt(value);
    this.#wait();
  }

  // The server tells a change.
  hear(value) {
    this.#told = value;
    const place = this.#unheard.findIndex((each) => same(each, value));
    this.#unheard.splice(0, place + 1);
    if (this.#unheard.length) this.#isOvertaken ||= place < 0;
    else this.#take(value);
  }

  // The server tells everything, after the connection was made or made again. What was done here
  // while nobody heard it is said now, unless somebody else has acted since.
  join(value) {
    const isUnmoved = value === null || this.#told === null || same(value, this.#told);
    const last = this.#unheard.at(-1);
    this.#unheard = [];
    this.#told = value;
    if (last !== undefined && isUnmoved && !same(last, value)) this.act(last);
    else if (value !== null) this.#take(value);
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#isOvertaken) return;
      this.#unheard = [];
      this.#take(this.#told);
    }, PATIENCE);
  }

  #take(value) {
    this.#isOvertaken = false;
    clearTimeout(this.#timer);
    if (same(value, this.here)) return;
    this.here = value;
    this.adopt(value);
  }
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
