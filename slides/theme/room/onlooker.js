// What the server tells of the demos it has for the room, once a second while somebody looks.

import { socketAt } from "./link.js";

const PERIOD = 1000; // ms
const STEP = 50; // ms from tick to tick of a loop that is not late
const LATE = 600; // ms that a message may take longer than the last one
const LONGEST = 8000; // ms before a new attempt

export class Onlooker {
  #socket = null;
  #retry = 0;
  #attempts = 0;
  lag = null;

  // `hear` is called with the figures of all demos by name, `begin` with a new Lag.
  constructor({ hear, begin }) {
    this.hear = hear;
    this.begin = begin;
  }

  start() {
    if (this.lag) return;
    this.lag = new Lag();
    this.begin(this.lag);
    const socket = new WebSocket(socketAt("live.figures"));
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#attempts = 0;
      const { lags, demos } = JSON.parse(data);
      this.lag.tell(lags);
      this.hear(demos);
    };
    socket.onclose = () => {
      this.stop();
      const most = Math.min(LONGEST, PERIOD * 2 ** this.#attempts++);
      this.#retry = setTimeout(() => this.start(), most * (0.5 + Math.random() / 2));
    };
  }

  stop() {
    clearTimeout(this.#retry);
    this.lag?.end();
    this.lag = null;
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }
}

// The lag of the server's loop, as the strip of a panel wants it: a loop that is silent is blocked.
class Lag extends EventTarget {
  #heard = performance.now();

  constructor() {
    super();
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get silence() {
    return Math.max(0, performance.now() - this.#heard - PERIOD - LATE);
  }

  // Milliseconds by which each tick since the last message was late.
  tell(lags) {
    this.#heard = performance.now();
    let at = this.#heard - lags.reduce((sum, ms) => sum + STEP + ms, 0);
    for (const ms of lags) {
      at += STEP + ms;
      this.dispatchEvent(Object.assign(new Event("lag"), { at, ms }));
    }
  }
}
