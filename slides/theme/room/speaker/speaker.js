// The speaker's view of the room. What is done here holds here at once, and is told to the server;
// without a connection the speaker goes on alone, and the room catches up when it is back.

import { restoreTheme, toggleTheme } from "../../deck/appearance.js";
import { Link, socketAt } from "../link.js";
import { Agreement } from "./agreement.js";
import { showHere, showPace, showPolls, showQuestions } from "./audience.js";
import { Clock } from "./clock.js";
import { Code } from "./code.js";
import { bind } from "./controls.js";
import { watchPass } from "./pass.js";
import { Road } from "./road.js";
import { Running } from "./running.js";
import { showPoint, Stage, watchPointer } from "./stage.js";
import { Telling } from "./telling.js";

const SECONDS_SAID = 6;
const byId = (id) => document.getElementById(id);

restoreTheme();

const road = new Road(JSON.parse(byId("told").textContent));
const stage = new Stage(road);
const clock = new Clock(road);
const code = new Code("../speaker/");
const polls = new Map();
let here = 0;

// A page of a static deck has no server: there it is a file beside the talk's own.
const isServed = /^https?:.*\/speaker\/$/.test(location.origin + location.pathname);
const link = isServed ? new Link(socketAt("../speaker/room"), { hear, change }) : null;
const shown = new Agreement(remembered(), {
  send: ({ slide, fragment }) => link?.send({ type: "show", slide, fragment }),
  adopt: show,
});
const running = link && new Running(tell);
const telling = new Telling((message) => Boolean(link?.send(message)), () => {});
const lookAtPass = watchPass("../speaker/room.json", (why) => void (byId("alone").textContent = why));
const black = new Agreement(false, {
  send: (on) => link?.send({ type: "black", on }),
  adopt: showBlack,
});

function show(step) {
  if (!road.has(step.slide)) return say("The audience sees a slide that is not in this deck.");
  stage.show(step);
  running?.at(step.slide);
  clock.at(road.slideAt(step));
  drawPolls();
  history.replaceState(null, "", `#/${encodeURIComponent(step.slide)}/${step.fragment}`);
}

function showBlack(on) {
  stage.veil(on);
  document.querySelector("[data-does=black]").setAttribute("aria-pressed", String(on));
}

function goTo(step) {
  if (!step) return;
  if (!clock.isRunning && shown.here.slide !== step.slide) startClock(true);
  shown.act(step);
}

// Here it is right at once; the server's own time comes back in a moment.
function startClock(on) {
  clock.set(on ? 0 : null);
  link?.send({ type: "clock", on });
}

const hears = {
  state(state) {
    for (const poll of state.polls) polls.set(poll.poll, poll);
    shown.join(state.slide === null ? null : { slide: state.slide, fragment: state.fragment });
    black.join(state.black);
    // A clock that was started while nobody heard it runs on.
    if (state.clock !== null || !clock.isRunning) clock.set(state.clock);
    else tell({ type: "clock", on: true });
    hears.questions(state);
    hears.here({ count: state.here, pace: state.pace });
    if (!telling.isBusy) hears.ran(state.ran ?? {});
    drawPolls();
  },
  show: ({ slide, fragment }) => shown.hear({ slide, fragment }),
  black: ({ on }) => black.hear(on),
  clock: ({ seconds }) => clock.set(seconds),
  ran(ran) {
    running.hear(ran);
    if (!telling.isOwn(ran) && !ran.program) telling.recorded();
  },
  questions({ questions }) {
    showQuestions(questions, (question, state) => tell({ type: "mark", question, state }));
  },
  poll(poll) {
    polls.set(poll.poll, poll);
    drawPolls();
  },
  pace: (pace) => showPace(pace, here),
  here({ count, pace }) {
    here = count;
    showHere(count);
    if (pace) showPace(pace, here);
  },
  point: showPoint,
  refused: ({ why }) => say(why),
};

function hear(message) {
  hears[message.type]?.(message);
}

function drawPolls() {
  showPolls(road.slideAt(shown.here).poll, polls, ({ poll, question, choices, answer }, state) =>
    tell({ type: "poll", poll, question, choices, answer: answer ?? null, state }),
  );
}

// What only the server can do.
function tell(message) {
  if (!link?.send(message)) say("Not connected: this was not done.");
}

function change(isLive) {
  document.body.dataset.link = isLive ? "live" : "lost";
  byId("live").textContent = isLive ? "Live" : "Offline";
  byId("alone").hidden = isLive;
  byId("alone").textContent = "Not connected. The room stays where it is; go on, it will follow.";
  lookAtPass(link && !isLive);
  if (isLive) telling.again();
  else showHere(null);
}

let quiet = 0;
function say(words) {
  byId("said").textContent = words;
  byId("said").hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => void (byId("said").hidden = true), SECONDS_SAID * 1000);
}

// In a window of its own, which can be moved to the projector; pressed again, it comes to the front.
function openSlides() {
  const url = new URL(`talk.html?slides#/${encodeURIComponent(shown.here.slide)}`, location.href);
  window.open(url, "talk-slides", "popup,width=1280,height=720");
}

// Where this window was when it was loaded before.
function remembered() {
  const [slide, fragment] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  return road.has(slide) ? { slide, fragment: Number.parseInt(fragment ?? -1, 10) } : road.first;
}

function fillGoTo() {
  let group = null;
  for (const { id, title, chapter } of road.slides) {
    if (group?.label !== chapter) {
      group = Object.assign(document.createElement("optgroup"), { label: chapter });
      byId("go").append(group);
    }
    group.append(new Option(title, id));
  }
  byId("go").addEventListener("change", ({ target }) => {
    goTo({ slide: target.value, fragment: -1 });
    target.blur(); // or the arrows would move the list, and not the talk
  });
}

// The screen of a phone stays on, where the browser lets a page ask for that.
function stayAwake() {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
}

bind({
  onward: () => goTo(road.after(shown.here)),
  back: () => goTo(road.before(shown.here)),
  first: () => goTo(road.first),
  last: () => goTo(road.last),
  black: () => black.act(!black.here),
  clock() {
    const on = clock.press();
    if (on !== null) startClock(on);
  },
  code: () => code.toggle(),
  run: () => running?.run(),
  stop: () => running?.stop(),
  recorded: () => running?.recorded(),
  toggle: () => running?.toggle(),
  slides: openSlides,
  theme: toggleTheme,
});
watchPointer((spot) => link?.send({ type: "point", ...spot }));
fillGoTo();
showQuestions([], tell);
showPace({}, 0);
show(shown.here);
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
if (!link) change(false);
