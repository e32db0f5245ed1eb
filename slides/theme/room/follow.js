// Stays with the speaker: on the slides of a stage, or in the document. Who goes somewhere else is
// looking back, until they return.

import { isTyping, make } from "./elements.js";
import { recall, remember } from "./memory.js";

const KEY = "talk-following"; // for as long as the tab is open: a page loaded again goes on
// An address that names a slide is a wish to see that one. Reveal soon writes its own there.
const isAsked = location.hash.length > 2;

export class Follow {
  #place;
  #told = null;
  #isFollowing;
  #isBlack = false;
  #veil = make("p", { className: "room-veil", hidden: true }, "The speaker’s screen is dark");
  #dot = make("i", { className: "room-dot", hidden: true });

  // `place` is a Stage or a Document; `change` is called with whether it follows.
  constructor(place, change) {
    this.#place = place;
    this.change = change;
    this.#isFollowing = !isAsked || recall(KEY, false);
    remember(KEY, this.#isFollowing);
    document.body.append(this.#veil);
    place.glass?.append(this.#dot);
    place.watch(() => this.#look());
  }

  show(slide, fragment) {
    this.#told = this.#place.find(slide) && { slide, fragment };
    this.#place.mark(slide);
    // Whoever writes on a slide must not have it taken away under their hands.
    if (this.#isFollowing && isTyping(this.#place.root)) this.#become(false);
    if (this.#isFollowing) this.#go();
    else this.#look();
  }

  black(on) {
    this.#isBlack = on;
    this.#draw();
  }

  point({ x, y }) {
    this.#dot.hidden = typeof x !== "number" || !this.#isFollowing;
    this.#dot.style.left = `${x * 100}%`;
    this.#dot.style.top = `${y * 100}%`;
  }

  back() {
    if (document.activeElement && isTyping(this.#place.root)) document.activeElement.blur();
    this.#become(true);
    this.#go();
  }

  #go() {
    if (this.#told) this.#place.go(this.#told);
    this.#draw();
    this.change(this.#isFollowing);
  }

  #look() {
    if (this.#told) this.#become(this.#place.isAt(this.#told));
  }

  #become(isFollowing) {
    this.#isFollowing = isFollowing;
    remember(KEY, isFollowing);
    this.#draw();
    this.change(isFollowing);
  }

  #draw() {
    this.#veil.hidden = !(this.#isBlack && this.#isFollowing);
    if (!this.#isFollowing) this.#dot.hidden = true;
  }
}

export class Stage {
  #deck;
  #isMoving = false;

  constructor(deck) {
    this.#deck = deck;
    this.root = deck.getRevealElement();
    this.glass = deck.getSlidesElement();
  }

  find(slide) {
    return document.getElementById(slide);
  }

  go({ slide, fragment }) {
    const { h, v } = this.#deck.getIndices(this.find(slide));
    this.#isMoving = true;
    this.#deck.slide(h, v, fragment);
    this.#isMoving = false;
  }

  isAt({ slide, fragment }) {
    const current = this.#deck.getCurrentSlide();
    if (current?.id !== slide) return false;
    if (!current.querySelector(".fragment")) return true;
    return (this.#deck.getIndices().f ?? -1) === fragment;
  }

  mark() {} // there is only one in view

  watch(moved) {
    const look = () => this.#isMoving || moved();
    for (const event of ["slidechanged", "fragmentshown", "fragmenthidden"]) this.#deck.on(event, look);
  }
}

export class Document {
  root = document.getElementById("slides");

  find(slide) {
    return document.getElementById(slide);
  }

  // At once: a scroll that takes time could not be told from the reader's own.
  go({ slide }) {
    if (!this.isAt({ slide }) || !this.#begins(slide)) this.find(slide).scrollIntoView();
  }

  // While any good part of it can be seen the reader has not gone away.
  isAt({ slide }) {
    const { top, bottom } = this.find(slide).getBoundingClientRect();
    return top < innerHeight * 0.7 && bottom > innerHeight * 0.2;
  }

  #begins(slide) {
    const { top } = this.find(slide).getBoundingClientRect();
    return top >= 0 && top < innerHeight * 0.4;
  }

  mark(slide) {
    this.root.querySelector("[aria-current]")?.removeAttribute("aria-current");
    this.find(slide)?.setAttribute("aria-current", "true");
  }

  watch(moved) {
    let due = 0;
    const look = () => {
      cancelAnimationFrame(due);
      due = requestAnimationFrame(moved);
    };
    addEventListener("scroll", look, { passive: true });
  }
}
