// A host and its processes with the same face as `../host.js` and `../process.js`, but real: they run
// on the machine of the server, which offers that to the speaker alone. Each process has a websocket
// of its own, and ends with it, whatever becomes of this page.

import { ConnectionRefused } from "../connection.js";

const PATIENCE = 4000; // ms for a process to end; the server kills it after half of that
const FAILED = 1;
const KILLED = 137;
const LOST = "The connection to the server was lost, which ends the program.\n";

export class RealHost extends EventTarget {
  isReal = true;
  booting = "starting";
  processes = new Set();
  #url;

  // `url` is the websocket's.
  constructor(url) {
    super();
    this.#url = url;
  }

  async open() {} // nothing has to be there before a process

  // Starts `python -m module argv…`; see `../host.js`.
  start(module, { argv = [], files = {} } = {}) {
    const process = new RealProcess(this.#url, module, { argv, files });
    this.processes.add(process);
    process.ended.then(() => this.processes.delete(process));
    return process;
  }

  get ports() {
    return [...this.processes].flatMap((each) => [...each.ports]).sort((a, b) => a - b);
  }

  listener(port) {
    return [...this.processes].find((each) => each.ports.has(port));
  }

  connect(port) {
    throw new ConnectionRefused(`a page has no way to port ${port} of this machine`);
  }

  // By the name of this machine that the page itself does not use: cookies know no ports, and the
  // speaker's token is none of a program's business.
  urlOf(port, path = "/") {
    const name = location.hostname === "localhost" ? "127.0.0.1" : "localhost";
    return `http://${name}:${port}${path}`;
  }

  async stop() {
    await Promise.all([...this.processes].map((each) => each.stop()));
  }

  async remove() {
    await this.stop();
  }
}

export class RealProcess extends EventTarget {
  state = "starting";
  exitCode = null;
  reason = ""; // why it could not start
  silence = 0; // nobody watches its event loop
  ports = new Set();
  #socket;
  #end;

  constructor(url, module, { argv, files }) {
    super();
    this.module = module;
    this.args = argv;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#socket = new WebSocket(url);
    const run = { type: "run", program: module.replace(/^demos\./, ""), argv, files };
    this.#socket.onopen = () => this.#say(run);
    this.#socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    this.#socket.onclose = () => this.#lose();
  }

  interrupt() {
    this.#say({ type: "stop" });
  }

  // Also where nobody answers any more: a socket that is closed ends its program.
  kill(status = KILLED) {
    if (this.state === "ended") return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.ports.clear();
    this.exitCode = status;
    this.#become("ended");
    this.#end(status);
  }

  async stop() {
    if (this.state === "running") {
      this.#become("stopping");
      this.interrupt();
    }
    if (this.state === "stopping") {
      const timer = setTimeout(() => this.kill(), PATIENCE);
      await this.ended;
      clearTimeout(timer);
    }
    this.kill();
    return this.exitCode;
  }

  #say(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #hear({ type, stream, text, port, status, why }) {
    if (type === "starting") this.#run();
    else if (type === "output") this.#tell("output", { stream, text });
    else if (type === "listening") {
      this.ports.add(port);
      this.#tell("listening", { port });
    } else if (type === "ended") {
      this.kill(status < 0 ? 128 - status : status); // a signal, as a shell counts it
    } else if (type === "refused") this.#fail(why.replace(/\.$/, ""));
  }

  #run() {
    if (this.state !== "starting") return;
    this.#tell("booted");
    this.#become("running");
  }

  #lose() {
    if (this.state === "starting") return this.#fail("the server does not let it start");
    this.#tell("output", { stream: "stderr", text: LOST });
    this.kill();
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
