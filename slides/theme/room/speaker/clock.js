// The time since the talk began, against the minutes of the slides before this one.
//
// A deep dive is told or left out, as the speaker decides, so the plan has none of its minutes. One
// that is told lengthens the plan by the minutes of those of its slides that were shown for longer
// than a moment: whoever enters one on purpose is not behind for it, only for what it takes beyond
// its own minutes; and whoever steps through one to the slide after it gains nothing. Every window of
// the speaker sees the slides go by, and comes to the same; one opened later knows what it has seen.

import { recall, remember } from "../memory.js";

const MOMENT = 15; // seconds
const TOLD = "talk-deep-dives";
const SURE = 3000; // ms
const LONGEST = 6 * 3600; // seconds; a clock of yesterday's talk is none

export class Clock {
  #isSure = false;
  #began = null; // by performance.now(), which nobody puts right
  #since = 0; // when this slide was come to, in seconds of the clock
  #told = new Set(recall(TOLD, [])); // slides of deep dives, by name

  constructor(road) {
    this.road = road;
    byId("total").textContent = `of ${Math.round(road.seconds / 60)} min`;
    setInterval(() => this.show(), 500);
  }

  get isRunning() {
    return this.#began !== null;
  }

  get seconds() {
    return this.isRunning ? (performance.now() - this.#began) / 1000 : 0;
  }

  // Whether to start it, or to put it back: that takes a second press, soon after the first.
  press() {
    if (!this.isRunning || this.#isSure) return !this.isRunning;
    this.#isSure = true;
    setTimeout(() => {
      this.#isSure = false;
      this.show();
    }, SURE);
    this.show();
    return null;
  }

  // Seconds since it began, or null.
  set(seconds) {
    const isNone = seconds === null || seconds > LONGEST;
    this.#began = isNone ? null : performance.now() - seconds * 1000;
    if (isNone) this.#keep([]);
    this.#since = Math.min(this.#since, this.seconds);
    this.show();
  }

  at(slide) {
    const { slide: last } = this;
    if (last?.deep && last.id !== slide.id && this.seconds - this.#since > MOMENT) {
      this.#keep([...this.#told, last.id]);
    }
    if (last?.id !== slide.id) this.#since = this.seconds;
    this.slide = slide;
    this.show();
  }

  #keep(told) {
    this.#told = new Set(told);
    remember(TOLD, [...told]);
  }

  // Seconds that deep dives have added to the plan, this slide's own left out.
  get #added() {
    const told = this.road.slides.filter(({ id }) => this.#told.has(id) && id !== this.slide.id);
    return told.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  show() {
    byId("elapsed").textContent = clockTime(this.seconds);
    const schedule = byId("schedule");
    const late = this.isRunning && this.slide ? this.#late() : null;
    schedule.textContent = late === null ? "" : words(late);
    schedule.dataset.is = late === null ? "" : kind(late);
    const button = document.querySelector("[data-does=clock]");
    button.firstChild.textContent = this.#isSure ? "Really reset" : this.isRunning ? "Reset" : "Start";
  }

  #late() {
    const starts = this.road.secondsBefore(this.slide.id) + this.#added;
    return lateness(this.seconds, { starts, seconds: this.slide.seconds });
  }
}

// Seconds behind the schedule; ahead of it is negative. A slide may take its own time.
export function lateness(seconds, { starts, seconds: own }) {
  if (seconds < starts) return seconds - starts;
  return Math.max(0, seconds - starts - own);
}

function kind(late) {
  if (Math.abs(late) < 30) return "on-time";
  return late > 0 ? "behind" : "ahead";
}

function words(late) {
  const minutes = Math.max(1, Math.round(Math.abs(late) / 60));
  return { "on-time": "on time", behind: `${minutes} min behind`, ahead: `${minutes} min ahead` }[kind(late)];
}

function clockTime(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

function byId(id) {
  return document.getElementById(id);
}
