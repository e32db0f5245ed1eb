// The audience's part of the room, on the page of the talk. Without a room nothing of it is there.

import { offerDemos } from "./audience_demo.js";
import { counted, make } from "./elements.js";
import { Document, Follow, Stage } from "./follow.js";
import { findRoom, Link, Outbox } from "./link.js";
import { showRan } from "./ran.js";
import { Voice } from "./voice.js";

// Read now: later no script is the current one.
const SPEAKING = new URL("speaking.js", document.currentScript.src);

// `deck` is reveal's; without one the page is the document.
export async function enter(deck) {
  const { url, isSpeaker } = (await findRoom()) ?? {};
  if (!url) return;
  offerDemos(deck);
  if (isSpeaker) {
    // What only a speaker needs is loaded by a speaker alone. The document is for reading.
    const { speak } = await import(SPEAKING);
    if (deck) speak(deck, url);
    return;
  }
  const chip = new Chip(() => follow.back());
  const follow = new Follow(deck ? new Stage(deck) : new Document(), (is) => chip.follow(is));
  const link = new Link(url, { hear, change: (isLive) => chip.connect(isLive) });
  const outbox = new Outbox(link);
  const voice = new Voice(link, outbox);
  document.body.append(make("aside", { className: "room", aria: { label: "The room" } }, chip.element, voice.opener));
  document.documentElement.classList.add("in-room");
  let ran = "";

  const tell = {
    state(state) {
      run(state.ran);
      if (state.slide) follow.show(state.slide, state.fragment);
      follow.black(state.black);
      chip.count(state.here);
      voice.state(state);
    },
    show: ({ slide, fragment }) => follow.show(slide, fragment),
    black: ({ on }) => follow.black(on),
    point: (spot) => follow.point(spot),
    ran: run,
    questions: ({ questions }) => voice.questions(questions),
    poll: (poll) => voice.poll(poll),
    pace: (counts) => voice.pace(counts),
    here: ({ count }) => chip.count(count),
    ok: ({ key }) => outbox.answer(key),
    refused: ({ key, why }) => voice.refused(key, why),
  };

  // A newer server may say what this page does not know yet.
  function hear(message) {
    if (Object.hasOwn(tell, message.type)) tell[message.type](message);
  }

  // After a lost connection the same run is told again; what the reader does with it stays.
  function run(told) {
    const { program, region, files, page, log } = told ?? {};
    const text = JSON.stringify([program, region, files, page, log]);
    if (text === ran) return;
    ran = text;
    showRan(program ? { program, region, files, page, log } : null);
  }
}

class Chip {
  #isFollowing = true;
  #isLive = null;

  constructor(back) {
    this.status = make("span", {}, "Connecting …");
    this.status.setAttribute("role", "status");
    this.here = make("span", { className: "count" });
    this.back = make("button", { type: "button", hidden: true, onclick: back }, "Return");
    this.back.setAttribute("aria-label", "Return to the speaker");
    this.element = make("div", { className: "chip" }, this.status, this.here, this.back);
  }

  follow(isFollowing) {
    this.#isFollowing = isFollowing;
    this.#draw();
  }

  connect(isLive) {
    this.#isLive = isLive;
    this.#draw();
  }

  count(here) {
    this.here.textContent = this.#isLive ? `${counted(here, "person", "people")} here` : "";
  }

  #draw() {
    if (this.#isLive === null) return;
    const state = !this.#isLive ? "lost" : this.#isFollowing ? "live" : "back";
    const words = { lost: "Connection lost, trying again", live: "Live", back: "Looking back" }[state];
    this.element.dataset.state = state;
    if (this.status.textContent !== words) this.status.textContent = words;
    if (state === "lost") this.here.textContent = "";
    this.back.hidden = this.#isFollowing;
  }
}
