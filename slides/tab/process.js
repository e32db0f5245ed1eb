// A process: a worker that runs one Python program, as the page sees it.

import { Connection } from "./connection.js";
import { keepSpareSoon, takeWorker } from "./workers.js";

const PING_EVERY = 50; // milliseconds
const GRACE = 1000; // milliseconds a program has for ending after Ctrl-C
const SIGINT = 2;
const STREAMS = { 1: "stdout", 2: "stderr" };
export const FAILED = 1;
export const KILLED = 137;

export class Process extends EventTarget {
  state = "starting";
  exitCode = null;
  reason = ""; // why it could not start
  ports = new Set();
  #host;
  #worker;
  #wires = new Map(); // number → what to do when this process is gone
  #lastWire = -1;
  #pinged = 0; // when the ping that is not answered yet was sent
  #hasLoop = false; // a program answers once its event loop runs
  #timer = 0;
  #end;

  constructor(host, module, args, files, firstPort) {
    super();
    this.#host = host;
    this.module = module;
    this.args = args;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#worker = takeWorker();
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = (event) => this.#fail(event.message || "its worker did not load");
    this.post({ kind: "start", module, args, files, firstPort });
  }

  post(message, transfer = []) {
    if (this.state !== "ended") this.#worker.postMessage(message, transfer);
  }

  // Milliseconds for which the program has left the page without an answer: its loop is blocked.
  get silence() {
    return this.#hasLoop && this.#pinged ? performance.now() - this.#pinged : 0;
  }

  interrupt() {
    this.post({ kind: "signal", number: SIGINT });
  }

  kill(status = KILLED) {
    if (this.state === "ended") return;
    clearInterval(this.#timer);
    this.#worker.terminate();
    for (const lose of this.#wires.values()) lose();
    this.#wires.clear();
    this.ports.clear();
    this.exitCode = status;
    this.#become("ended");
    this.#end(status);
  }

  async stop() {
    if (this.state === "running") {
      this.#become("stopping");
      this.interrupt();
      const timer = setTimeout(() => this.kill(), GRACE);
      await this.ended;
      clearTimeout(timer);
    }
    this.kill();
    return this.exitCode;
  }

  // Gives the process a connection to its port; `lose` is called if the process ends before it.
  accept(port, wire, lose) {
    const number = (this.#lastWire += 2);
    this.#wires.set(number, lose);
    this.post({ kind: "accept", number, port, wire }, [wire]);
    return number;
  }

  // A connection from the page to one of its ports.
  connect(port) {
    const { port1, port2 } = new MessageChannel();
    const connection = new Connection(port1);
    this.accept(port, port2, () => connection.lose());
    return connection;
  }

  // The process asked for a connection to another one, which has it now.
  connected(number, lose) {
    this.#wires.set(number, lose);
    this.post({ kind: "connected", number });
  }

  #hear(message) {
    const { kind } = message;
    if (kind === "output") {
      this.#tell("output", { stream: STREAMS[message.stream], text: message.text });
    } else if (kind === "pong") this.#answered();
    else if (kind === "listening" || kind === "closed") this.#changePorts(kind, message.port);
    else if (kind === "connect") this.#host.join(this, message);
    else if (kind === "booted") this.#tell("booted");
    else if (kind === "running") this.#run();
    else if (kind === "failed") this.#fail(message.reason);
    else if (kind === "ended") this.#leave(message);
  }

  // The program has ended by itself, and has told so on each connection that it had. The page tells
  // it only where the program had not come to accept one: it would overtake the last bytes.
  #leave({ status, accepted }) {
    for (const number of this.#wires.keys()) {
      if (number % 2 === 0 || number <= accepted) this.#wires.delete(number);
    }
    this.kill(status);
  }

  #run() {
    if (this.state !== "starting") return;
    this.#become("running");
    keepSpareSoon();
    this.#timer = setInterval(() => this.#ping(), PING_EVERY);
  }

  #ping() {
    if (this.#pinged || document.hidden) return;
    this.#pinged = performance.now();
    this.post({ kind: "ping", sent: this.#pinged });
  }

  #answered() {
    const at = performance.now();
    if (this.#hasLoop) this.#tell("lag", { at, ms: at - this.#pinged });
    this.#hasLoop = true;
    this.#pinged = 0;
  }

  #changePorts(kind, port) {
    if (kind === "listening") this.ports.add(port);
    else this.ports.delete(port);
    this.#host.tellPorts();
    this.#tell(kind, { port });
  }

  #fail(reason) {
    this.reason = reason;
    this.kill(FAILED);
  }

  #become(state) {
    this.state = state;
    this.#tell("state", { state });
  }

  #tell(type, facts = {}) {
    this.dispatchEvent(Object.assign(new Event(type), facts));
  }
}
