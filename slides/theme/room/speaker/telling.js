// Tells everybody what the latest panel of this window runs: its source, its page, its log; and that
// it shows its recorded run again. Panels say what happens to them (slides/tab/panel/panel.js).

import { snapshot } from "./snapshot.js";

const QUIET = 500; // ms after a change: by then most of what belongs to it is there
const LONGEST = 8000; // ms; what changes all the time is told less and less often
const LOG = 20_000; // characters, the last ones
const MOST = 250_000; // bytes, somewhat less than a message may have

export class Telling {
  #panel = null;
  #timer = 0;
  #pause = QUIET;
  #saidAt = 0;
  #said = ""; // the last message
  #unheard = []; // said, and not told to this window yet
  #watch = new MutationObserver(() => this.#later());

  // `send` gives whether somebody could hear it; `begin` is called when a panel of this window runs.
  constructor(send, begin) {
    this.send = send;
    this.begin = begin;
    document.addEventListener("panelchange", ({ detail }) => this.#changed(detail));
  }

  // Whether a panel of this window is the one that is told of.
  get isBusy() {
    return this.#panel !== null;
  }

  // Whether a message that is told comes from here.
  isOwn(ran) {
    const place = this.#unheard.indexOf(key(ran));
    if (place >= 0) this.#unheard.splice(0, place + 1);
    return place >= 0 || (this.#said !== "" && key(ran) === this.#said);
  }

  // Another window has taken it back.
  recorded() {
    const panel = this.#panel;
    this.#drop();
    this.#panel = null;
    this.#said = "";
    panel?.showRecorded();
  }

  // After the connection was lost.
  again() {
    this.#said = "";
    this.#unheard = [];
    if (this.#panel) this.#later();
  }

  #changed({ panel, what }) {
    if (what === "run") this.#take(panel);
    if (panel !== this.#panel) return;
    if (what === "recorded") this.#takeBack();
    else this.#later();
    if (what === "page" && panel.document) this.#observe(panel.document);
  }

  #take(panel) {
    this.#drop();
    this.#panel = panel;
    this.#pause = QUIET;
    this.begin();
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#watch.disconnect();
  }

  // A page may change without a word to anybody, as one with a websocket does.
  #observe(page) {
    this.#watch.disconnect();
    this.#watch.observe(page, { subtree: true, childList: true, characterData: true, attributes: true });
  }

  #takeBack() {
    this.#drop();
    this.#panel = null;
    this.#say({ type: "ran", program: "" });
  }

  #later() {
    if (this.#timer) return;
    if (performance.now() - this.#saidAt > 2 * this.#pause) this.#pause = QUIET;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#say(fitting(this.#panel));
    }, this.#pause);
  }

  #say(message) {
    if (key(message) === this.#said || !this.send(message)) return;
    this.#said = key(message);
    this.#unheard.push(this.#said);
    this.#saidAt = performance.now();
    this.#pause = Math.min(LONGEST, 2 * this.#pause);
  }
}

function key({ program = "", region = "", files = {}, page = "", log = "" }) {
  return program && JSON.stringify([program, region, files, page, log]);
}

// What is too much for a message goes without the page, and then without the source.
function fitting(panel) {
  const { program, figure, source, log } = panel;
  const page = panel.document ? snapshot(panel.document) : "";
  // What nobody edited is on the slide: its page says more.
  const unedited = page ? {} : firstOf(program.files);
  const all = {
    type: "ran",
    program: program.name,
    region: figure.dataset.region ?? "",
    files: source.edits.areThere ? source.edits.changed : unedited,
    page,
    log: log.text.slice(-LOG),
  };
  const smaller = [all, { ...all, page: "" }, { ...all, page: "", files: {} }];
  return smaller.find((each) => new Blob([JSON.stringify(each)]).size <= MOST) ?? smaller[2];
}

function firstOf(files) {
  return Object.fromEntries(Object.entries(files).slice(0, 1));
}
