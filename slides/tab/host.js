// A host: the processes that share one `localhost`, so that each panel has port 8888 to itself. Its
// event "exchange" tells of each answer to a frame: { method, port, path, status, ms }.

import { ConnectionRefused } from "./connection.js";
import { addHost, addressOf, openGateway, removeHost } from "./gateway.js";
import { Process } from "./process.js";

const FIRST_PORT = 32768; // of those that are given out for port 0
const PORTS_EACH = 2000; // so that two processes never give out the same one

export class Host extends EventTarget {
  isReal = false;
  booting = "loading Python"; // what comes before a process
  #started = 0;

  constructor(name) {
    super();
    this.name = name; // letters, digits and hyphens, unique in the window
    this.processes = new Set();
    addHost(this);
  }

  // Before a frame can have an address; rejects with the reason where it never can.
  open() {
    return openGateway();
  }

  // Starts `python -m module argv…` and gives the process at once, while it still boots. The texts
  // in `files` (by name, as "demos/hello.py") stand in the place of the talk's.
  start(module, { argv = [], files = {} } = {}) {
    const firstPort = FIRST_PORT + (this.#started++ % 16) * PORTS_EACH;
    const process = new Process(this, module, argv, files, firstPort);
    this.processes.add(process);
    this.tellPorts();
    process.ended.then(() => {
      this.processes.delete(process);
      this.tellPorts();
    });
    return process;
  }

  // The ports that are listened on, the lowest first.
  get ports() {
    return [...this.processes].flatMap((each) => [...each.ports]).sort((a, b) => a - b);
  }

  listener(port) {
    return [...this.processes].find((each) => each.ports.has(port));
  }

  // A connection from the page; throws ConnectionRefused where nothing listens.
  connect(port) {
    const process = this.listener(port);
    if (!process) throw new ConnectionRefused(`nothing listens on port ${port}`);
    return process.connect(port);
  }

  // Resolves when something listens on the port; rejects if `process` ends before that.
  whenListening(port, process) {
    return new Promise((resolve, reject) => {
      const look = () => this.listener(port) && resolve();
      process.addEventListener("listening", look);
      process.ended.then((status) => {
        const why = process.reason || `status ${status}`;
        reject(new Error(`${process.module} ended before it listened on port ${port}: ${why}`));
      });
      look();
    });
  }

  // The address of what listens on the port, for a frame in this window.
  urlOf(port, path = "/") {
    return addressOf(this, port, path);
  }

  async stop() {
    await Promise.all([...this.processes].map((each) => each.stop()));
  }

  // Stops, for good.
  async remove() {
    await this.stop();
    removeHost(this);
  }

  // One process asks for a connection to another's port: each gets an end of it.
  join(from, { number, port, wire }) {
    const to = this.listener(port);
    if (!to || to === from) {
      from.post({ kind: "refused", number });
      return;
    }
    const theirs = to.accept(port, wire, () => from.post({ kind: "gone", number }));
    from.connected(number, () => to.post({ kind: "gone", number: theirs }));
  }

  // What is bound is known at once in every process: a second `bind` fails as it should.
  tellPorts() {
    for (const each of this.processes) {
      const ports = this.ports.filter((port) => !each.ports.has(port));
      each.post({ kind: "ports", ports });
    }
  }
}
