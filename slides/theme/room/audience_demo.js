// A demo that the room's server runs for everybody: this page is one of its clients, and sees what
// the server sees of them.

import { Strip } from "../../tab/panel/strip.js";
import { counted, make } from "./elements.js";
import { Onlooker } from "./onlooker.js";

// `deck` is reveal's; without one the page is the document.
export async function offerDemos(deck) {
  const answer = await fetch("live.json", { cache: "no-store" }).catch(() => null);
  const { demos = [], speaker = false } = answer?.ok ? await answer.json() : {};
  for (const figure of document.querySelectorAll("figure.recording[data-program]")) {
    if (demos.includes(figure.dataset.program)) new AudienceDemo(figure, deck, speaker);
  }
}

class AudienceDemo {
  #isShown = false; // its slide is in view
  #said = ""; // of the slow client, until it is dropped
  #dropped = null;

  constructor(figure, deck, isSpeaker) {
    this.figure = figure;
    this.name = figure.dataset.program;
    this.#build(isSpeaker);
    this.button = make("button", { type: "button", className: "be-client", onclick: () => this.#open() });
    this.button.append("You are its client");
    figure.querySelector(".bar-line").append(this.button);
    this.onlooker = new Onlooker({
      hear: (demos) => this.#tell(demos[this.name]),
      begin: (lag) => this.strip.watch(lag),
    });
    this.#watch(deck);
  }

  #build(isSpeaker) {
    this.back = make("button", { type: "button", onclick: () => this.#close() }, "The recording");
    const you = make("p", { className: "you" }, "you are its client");
    const slow = make("button", { type: "button", onclick: () => this.#addSlow() }, "Add a client that never reads");
    const bar = make("div", { className: "bar-line" }, make("p", { className: "name" }, this.name), you);
    bar.append(...(isSpeaker ? [slow] : []), this.back);
    this.place = make("div", { className: "page" });
    const lag = make("p", {}, "the server’s event-loop lag ", make("output", {}, "–"));
    const strip = make("div", { className: "strip" }, make("canvas", { aria: { hidden: "true" } }), lag);
    this.clients = make("p", { className: "clients" });
    this.queue = make("p", { className: "queue" });
    this.dropped = make("p", { className: "dropped" });
    const figures = make("div", { className: "figures" }, this.clients, this.queue, this.dropped);
    this.panel = make("figure", { className: "recording as-client", hidden: true }, bar, this.place, strip, figures);
    this.panel.setAttribute("aria-label", `${this.name}, of which this page is a client`);
    this.strip = new Strip(strip);
  }

  // What nobody looks at has no client here: neither the demo's page nor the figures.
  #watch(deck) {
    if (deck) {
      const look = () => this.#show(deck.getCurrentSlide()?.contains(this.figure));
      deck.on("slidechanged", look);
      look();
    } else {
      const see = new IntersectionObserver(([{ isIntersecting }]) => this.#show(isIntersecting), { rootMargin: "50%" });
      see.observe(this.figure.closest("section"));
    }
    document.addEventListener("visibilitychange", () => this.#draw());
  }

  #open() {
    // It stands behind whatever else there is, and hides it by its style.
    if (!this.panel.isConnected) this.figure.parentElement.append(this.panel);
    this.panel.hidden = false;
    this.back.focus();
    this.#draw();
  }

  #close() {
    this.panel.hidden = true;
    this.#draw();
    this.button.focus();
  }

  #show(isShown) {
    this.#isShown = isShown;
    this.#draw();
  }

  #draw() {
    const isClient = this.#isShown && !this.panel.hidden;
    if (isClient && !this.place.firstChild) this.place.append(this.#frame());
    if (!isClient) this.place.replaceChildren();
    if (isClient && !document.hidden) this.onlooker.start();
    else this.onlooker.stop();
  }

  #frame() {
    const title = `The page of ${this.name}, from the room’s server`;
    return make("iframe", { title, src: `live/${this.name}/` });
  }

  #tell({ clients, most, waiting, queued, dropped }) {
    const full = clients >= most ? ", as many as there may be" : "";
    this.clients.textContent = `${counted(clients, "client")} now${full}`;
    this.queue.textContent = waiting ? `${bytes(queued)} wait for the slowest, ${others(clients - waiting)}` : "nobody waits";
    if (this.#dropped !== null && dropped > this.#dropped) this.#said = "";
    this.#dropped = dropped;
    this.dropped.textContent = this.#said || (dropped ? `${dropped} dropped: read too slowly` : "");
    this.queue.classList.toggle("hot", waiting > 0);
  }

  async #addSlow() {
    const answer = await fetch(`live.slow/${this.name}`, { method: "POST" }).catch(() => null);
    this.#said = answer?.ok ? "" : answer?.status === 409 ? "enough slow clients" : "no slow client was added";
    this.dropped.textContent = this.#said;
  }
}

function bytes(number) {
  return number < 1000 ? `${number} bytes` : `${(number / 1000).toFixed(1)} kB`;
}

function others(number) {
  if (number < 1) return "nobody else is there";
  return number === 1 ? "the other one waits for nothing" : `the other ${number} wait for nothing`;
}
