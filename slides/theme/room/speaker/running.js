// Runs a program on the server's machine from the speaker's page, shows what it says, and goes back
// to the recorded run.

import { Log } from "../../../tab/panel/log.js";
import { RealHost } from "../../../tab/panel/real.js";
import { make } from "../elements.js";
import { socketAt } from "../link.js";

const byId = (id) => document.getElementById(id);
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

export class Running {
  #programs = {}; // that the server offers, by name
  #host = new RealHost(socketAt("../speaker/run"));
  #process = null;
  #panel = null; // what is run, as `Telling` knows a panel
  #log = new Log(byId("run-log"));
  #told = ""; // the program that everybody is shown
  #slide = "";

  // `tell` gives whether the server could hear a message.
  constructor(tell) {
    this.tell = tell;
    byId("this").addEventListener("load", () => this.at(this.#slide)); // now its programs are known
    addEventListener("pagehide", () => this.#process?.kill());
    this.#ask();
    this.#draw();
  }

  // The slide that is shown: its programs are the first in the list.
  at(slide) {
    this.#slide = slide;
    const own = [...new Set(shownOn(slide))].filter((name) => name in this.#programs);
    const others = Object.keys(this.#programs).filter((name) => !own.includes(name));
    const groups = { "On this slide": own, "All programs": others };
    const lists = Object.entries(groups).filter(([, names]) => names.length);
    const options = (names) => names.map((name) => new Option(name));
    byId("program").replaceChildren(...lists.map(([label, names]) => make("optgroup", { label }, ...options(names))));
    if (this.#isRunning) byId("program").value = name(this.#process);
    this.#draw();
  }

  // The server tells what everybody is shown.
  hear({ program = "" }) {
    this.#told = program;
    this.#draw();
  }

  async run() {
    const program = byId("program").value;
    if (!program) return;
    await this.#host.stop();
    this.#log.clear();
    const { files = {}, argv = [] } = programsOfDeck()[program] ?? {};
    const process = this.#host.start(`demos.${program}`, { argv });
    this.#process = process;
    this.#panel = this.#shown(program, files);
    this.#changed("run");
    process.addEventListener("output", ({ stream, text }) => {
      this.#log.write(text, stream);
      this.#changed("output");
    });
    for (const event of ["state", "listening"]) process.addEventListener(event, () => this.#draw());
    await process.ended;
    if (process.reason) this.#log.note(`It could not be run: ${process.reason}.`);
    this.#changed("output");
  }

  stop() {
    return this.#host.stop();
  }

  // For everybody, whichever window ran it.
  recorded() {
    this.stop();
    if (this.#panel) this.#changed("recorded");
    if (this.#told) this.tell({ type: "ran", program: "" });
  }

  // One key: what is live becomes the recording, and what is recorded is run.
  toggle() {
    if (this.#told || this.#isRunning) this.recorded();
    else this.run();
  }

  get #isRunning() {
    return Boolean(this.#process) && this.#process.state !== "ended";
  }

  async #ask() {
    try {
      const { programs = {}, why = "" } = await (await fetch("../speaker/run.json", { cache: "no-store" })).json();
      this.#programs = programs;
      byId("run-why").textContent = Object.keys(programs).length ? "" : why || "This server runs no programs.";
    } catch {
      byId("run-why").textContent = "This server runs no programs.";
    }
    this.at(this.#slide);
  }

  #shown(name, files) {
    const source = { edits: { areThere: false } };
    const showRecorded = () => this.stop();
    return { program: { name, files }, figure: { dataset: {} }, source, log: this.#log, showRecorded };
  }

  #changed(what) {
    this.#draw();
    const detail = { panel: this.#panel, what };
    document.dispatchEvent(new CustomEvent("panelchange", { detail }));
  }

  #draw() {
    const { state = "", ports = new Set(), exitCode } = this.#process ?? {};
    const [port] = ports;
    const said = state === "ended" ? `ended with status ${exitCode}` : state;
    byId("run-state").textContent = this.#process ? `${name(this.#process)}: ${said}` : "";
    byId("told-all").textContent = this.#told ? `The audience sees ${this.#told}.` : "";
    byId("run-page").hidden = !port || !LOCAL.includes(location.hostname);
    if (port) byId("run-page").href = this.#host.urlOf(port, this.#programs[name(this.#process)]?.path || "/");
    const isOffered = Object.keys(this.#programs).length > 0;
    byId("run-tools").hidden = !isOffered;
    document.querySelector("[data-does=stop]").disabled = !this.#isRunning;
    document.querySelector("[data-does=recorded]").disabled = !this.#told && !this.#isRunning;
  }
}

function name({ module }) {
  return module.replace(/^demos\./, "");
}

// The frame shows the deck, and knows its slides and programs; from a disk it may not be read.
function deck() {
  return byId("this").contentDocument;
}

function shownOn(slide) {
  const parts = deck()?.getElementById(slide)?.querySelectorAll("[data-program], [data-shows]") ?? [];
  return [...parts].map(({ dataset }) => dataset.program ?? dataset.shows);
}

function programsOfDeck() {
  return JSON.parse(deck()?.getElementById("programs")?.textContent ?? "{}");
}
