// The deck in the speaker's own window, as on the projector: what is done in it is done for all, and
// what other windows of the speaker do is done here. Loaded beneath /speaker/ alone.

import { counted, make } from "../elements.js";
import { Stage } from "../follow.js";
import { Link, socketAt } from "../link.js";
import { showRan } from "../ran.js";
import { Agreement } from "./agreement.js";
import { Code } from "./code.js";
import { watchPass } from "./pass.js";
import { Telling } from "./telling.js";

// `deck` is reveal's, `url` the room's.
export function speak(deck, url) {
  dress();
  const stage = new Stage(deck);
  const chip = new Chip();
  const code = new Code("");
  const dot = make("i", { className: "room-dot", hidden: true });
  const link = new Link(url, { hear, change });
  const isExpired = watchPass("room.json", (why) => chip.refuse(why));
  const telling = new Telling((message) => link.send(message), () => showRan(null));
  const shown = new Agreement(placeIn(deck), {
    send: (step) => link.send({ type: "show", ...step }),
    adopt: (step) => stage.find(step.slide) && !stage.isAt(step) && stage.go(step),
  });
  const black = new Agreement(deck.isPaused(), {
    send: (on) => link.send({ type: "black", on }),
    adopt: (on) => deck.togglePause(on),
  });
  const hears = {
    state(state) {
      shown.join(state.slide === null ? null : { slide: state.slide, fragment: state.fragment });
      black.join(state.black);
      chip.count(state.here);
      if (!telling.isBusy) run(state.ran ?? {});
    },
    show: ({ slide, fragment }) => shown.hear({ slide, fragment }),
    black: ({ on }) => black.hear(on),
    point({ x, y }) {
      dot.hidden = typeof x !== "number";
      dot.style.left = `${x * 100}%`;
      dot.style.top = `${y * 100}%`;
    },
    ran: run,
    here: ({ count }) => chip.count(count),
  };

  function hear(message) {
    if (Object.hasOwn(hears, message.type)) hears[message.type](message);
  }

  function change(isLive) {
    chip.connect(isLive);
    isExpired(!isLive);
    if (isLive) telling.again();
  }

  // What another window of the speaker runs is shown here as it is to everybody.
  function run(ran) {
    if (telling.isOwn(ran)) return;
    if (!ran.program) telling.recorded();
    showRan(ran.program ? ran : null);
  }

  // A step may be several events, and in the overview they are none.
  let isDue = false;
  function moved() {
    if (isDue || deck.isOverview()) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      const step = placeIn(deck);
      if (JSON.stringify(step) !== JSON.stringify(shown.here)) shown.act(step);
    });
  }

  stage.watch(moved);
  deck.on("overviewhidden", moved);
  deck.on("paused", () => black.here || black.act(true));
  deck.on("resumed", () => black.here && black.act(false));
  deck.addKeyBinding({ keyCode: 81, key: "Q", description: "The address for the audience" }, () => code.toggle());
  stage.glass.append(dot);
  document.body.append(make("aside", { className: "room", aria: { label: "The room" } }, chip.element));
  document.documentElement.classList.add("in-room");
  offerRuns();
}

function placeIn(deck) {
  return { slide: deck.getCurrentSlide()?.id, fragment: deck.getIndices().f ?? -1 };
}

function dress() {
  const href = new URL("speaking.css", import.meta.url);
  document.head.append(make("link", { rel: "stylesheet", href }));
}

// The panels (slides/tab/panel) belong to another script, which listens for this.
async function offerRuns() {
  try {
    const { programs = {} } = await (await fetch("run.json", { cache: "no-store" })).json();
    const detail = { programs, url: socketAt("run") };
    if (Object.keys(programs).length) document.dispatchEvent(new CustomEvent("runhere", { detail }));
  } catch {
    /* a server without it */
  }
}

class Chip {
  #isLive = null;

  constructor() {
    this.status = make("span", {}, "Connecting …");
    this.status.setAttribute("role", "status");
    this.here = make("span", { className: "count" });
    this.element = make("div", { className: "chip" }, this.status, this.here);
  }

  connect(isLive) {
    this.#isLive = isLive;
    this.element.dataset.state = isLive ? "live" : "lost";
    this.#say(isLive ? "Speaking" : "Connection lost, trying again");
    if (!isLive) this.here.textContent = "";
  }

  count(here) {
    if (this.#isLive) this.here.textContent = `${counted(here, "person", "people")} here`;
  }

  refuse(why) {
    if (!this.#isLive) this.#say(why);
  }

  #say(words) {
    if (this.status.textContent !== words) this.status.textContent = words;
  }
}
