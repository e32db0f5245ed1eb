// A panel that runs a program: its source, its page, its log, a terminal, the lag of its loop. What
// happens in it bubbles from its figure as an event "panelchange", with { panel, what }: "run",
// "output", "page" or "recorded".

import { Host } from "../host.js";
import { bench } from "./bench.js";
import { Browser } from "./browser.js";
import { Log } from "./log.js";
import { Source } from "./source.js";
import { Strip } from "./strip.js";
import { Terminal } from "./terminal.js";

const MOST_LIVE = 2; // programs of a page that run at once, with what stands beside them
const SETTLED = 60; // milliseconds
const SAID = { starting: "starting", running: "running", stopping: "stopping", ended: "ended" };

const live = []; // the panels that run, the latest last
let number = 1;

export class Panel {
  isLive = false;
  #process = null;
  #port; // the program's own, as far as is known
  #clients;

  // `makeHost` gives a host by its name; else it is one in this tab.
  constructor(figure, program, makeHost = (name) => new Host(name)) {
    this.figure = figure;
    this.program = program;
    this.#port = program.port;
    this.host = makeHost(`${program.name.replaceAll("_", "-")}-${number++}`);
    this.element = bench();
    this.element.classList.toggle("real", this.host.isReal);
    figure.append(this.element);
    this.log = new Log(this.#find(".log ol"));
    this.host.addEventListener("exchange", (exchange) => {
      this.log.note(said(exchange));
      this.#tell("output");
    });
    this.strip = new Strip(this.#find(".lag"));
    this.terminal = new Terminal(this.#find(".terminal"), { host: this.host, tries: program.tries });
    this.#makeSource();
    this.#makeClients();
    this.#bind();
    this.view(program.path ? "page" : "log");
    if (!program.path) this.element.classList.add("pageless");
  }

  // Starts the program, or starts it again with what was edited.
  async run() {
    this.showLive();
    this.#say("starting", this.host.booting);
    try {
      await Promise.all([this.host.open(), this.#stopOthers(), this.stop()]);
    } catch (error) {
      this.#giveUp(error.message);
      return;
    }
    this.log.clear();
    this.source.begin();
    this.#tell("run");
    const beside = this.program.beside.map(([name, port]) => {
      const process = this.#start("demos", [name, "--port", String(port), "--alone"]);
      this.#listen(process, name);
      return this.#settled(port, process);
    });
    this.besideIsThere = Promise.allSettled(beside);
    this.#process = this.#start(`demos.${this.program.name}`, this.program.argv);
    this.#listen(this.#process);
    this.#follow(this.#process);
  }

  async stop() {
    const index = live.indexOf(this);
    if (index >= 0) live.splice(index, 1);
    await this.host.stop();
  }

  kill() {
    for (const process of this.host.processes) process.kill();
  }

  showLive() {
    this.isLive = true;
    this.figure.classList.add("live");
  }

  showRecorded() {
    this.isLive = false;
    this.figure.classList.remove("live", "large");
    this.stop();
    this.#tell("recorded");
  }

  // Makes room for another one, which shows the same program.
  async remove() {
    this.figure.classList.remove("live");
    this.element.remove();
    await this.stop();
    await this.host.remove();
  }

  // The page of its first client, where it may be read; or null.
  get document() {
    return this.#clients[0].document;
  }

  view(name) {
    this.element.dataset.view = name;
    for (const button of this.element.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === name));
    }
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #makeSource() {
    this.source = new Source(this.#find(".source"), {
      program: this.program,
      region: this.figure.dataset.region?.split("-").map(Number) ?? null,
      reset: this.#find("[data-does=reset]"),
      onRun: () => this.run(),
    });
  }

  #makeClients() {
    const { port, name } = this.program;
    const isBare = this.figure.querySelector("iframe.bare") !== null; // as it was when recorded
    const facts = { host: this.host, port, name, isBare, onLoad: () => this.#tell("page") };
    const places = [...this.element.querySelectorAll(".client")];
    this.#clients = places.map((place, index) => new Browser(place, { ...facts, number: index + 1 }));
  }

  #bind() {
    const acts = {
      run: () => this.run(),
      stop: () => this.stop(),
      larger: (button) => this.#toggle(button, this.figure.classList.toggle("large")),
      second: (button) => this.#second(button),
      recorded: () => this.showRecorded(),
    };
    for (const button of this.element.querySelectorAll("[data-does]")) {
      if (acts[button.dataset.does]) button.addEventListener("click", () => acts[button.dataset.does](button));
    }
    for (const button of this.element.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => this.view(button.dataset.view));
    }
    // The deck's keys are for the deck.
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  #toggle(button, isOn) {
    button.setAttribute("aria-pressed", String(isOn));
  }

  #second(button) {
    const place = this.element.querySelectorAll(".client")[1];
    place.hidden = !place.hidden;
    this.#toggle(button, !place.hidden);
    if (place.hidden) this.#clients[1].close();
    else if (this.host.listener(this.#port)) this.#clients[1].open(this.program.path, this.#port);
  }

  #start(module, argv = []) {
    return this.host.start(module, { argv, files: this.source.edits.changed });
  }

  #listen(process, name = "") {
    const prefix = name ? `${name}: ` : "";
    process.addEventListener("output", ({ stream, text }) => {
      if (name && stream === "stdout") return; // what it says at its start is for a terminal
      this.log.write(prefix ? text.replace(/^(?=.)/gm, prefix) : text, stream);
      this.#tell("output");
      const isMarked = stream === "stderr" && this.source.read(text);
      if (isMarked && this.source.edits.areThere && this.element.dataset.view === "page") this.view("source");
    });
  }

  #follow(process) {
    live.push(this);
    process.addEventListener("booted", () => this.#say("starting", "starting the program"));
    process.addEventListener("state", ({ state }) => this.#became(process, state));
    process.addEventListener("listening", ({ port }) => this.#opened(process, port), { once: true });
    this.strip.watch(process);
  }

  #became(process, state) {
    if (process !== this.#process) return;
    if (state !== "ended") {
      this.#say(state, SAID[state]);
      return;
    }
    this.#tell("output");
    const status = process.exitCode;
    if (process.reason) this.#giveUp(process.reason);
    else this.#say(status === 0 || status === 130 || status === 137 ? "ended" : "failed", ending(status));
  }

  // `python -m demos` tries a port before it serves there: what listens for a moment is not it yet.
  async #settled(port, process) {
    do {
      await this.host.whenListening(port, process);
      await new Promise((resolve) => setTimeout(resolve, SETTLED));
    } while (!this.host.listener(port) && process.state !== "ended");
  }

  async #opened(process, port) {
    await this.besideIsThere; // the first page may ask it
    if (process !== this.#process || process.state !== "running" || !this.program.path) return;
    this.#port = port;
    this.#say("running", `on localhost:${port}`);
    this.#clients[0].open(this.program.path, port);
    const second = this.element.querySelectorAll(".client")[1];
    if (!second.hidden) this.#clients[1].open(this.program.path, port);
    const link = this.#find("a.tab");
    link.href = this.host.urlOf(port, this.program.path);
    link.hidden = false;
  }

  async #stopOthers() {
    const others = live.filter((panel) => panel !== this);
    for (const panel of others.slice(0, Math.max(0, others.length - MOST_LIVE + 1))) {
      panel.log.note("Stopped: other programs of this page run now.");
      await panel.stop();
    }
  }

  #say(state, text) {
    this.element.dataset.state = state;
    this.#find(".state span").textContent = text;
    this.#find("[data-does=run]").textContent = state === "running" ? "Restart" : "Run";
    this.#find("[data-does=stop]").disabled = state !== "running" && state !== "starting";
  }

  #tell(what) {
    const detail = { panel: this, what };
    this.figure.dispatchEvent(new CustomEvent("panelchange", { bubbles: true, detail }));
  }

  #giveUp(reason) {
    const why = this.figure.querySelector(".why");
    if (why) why.textContent = `It could not be run here: ${reason}.`;
    this.#say("failed", reason);
    if (why) this.showRecorded();
  }
}

function said({ status, method, path, port, ms }) {
  const time = new Date().toTimeString().slice(0, 8);
  return `${time} ${status} ${method} ${port === 8888 ? "" : `:${port}`}${path} ${ms.toFixed(1)} ms`;
}

function ending(status) {
  if (status === 0) return "ended";
  if (status === 130) return "stopped";
  if (status === 137) return "killed";
  return `ended with status ${status}`;
}
