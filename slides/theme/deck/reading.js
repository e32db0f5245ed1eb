// The talk as a document: every slide under the one before, its notes if the reader wants them.

import { toggleTheme } from "./appearance.js";

const NARROW = "(max-width: 699px)"; // a slide is unreadable on a phone held upright

export function wantsReading() {
  const asked = new URLSearchParams(location.search);
  if (asked.has("reading")) return true;
  const isForStage = ["print-pdf", "view", "receiver", "slides", "frame"].some((name) => asked.has(name));
  return !isForStage && matchMedia(NARROW).matches;
}

// The address of a slide in the other view: `#/name` on the stage, `#name` in the document.
export function otherView(id) {
  const isPresenting = document.documentElement.classList.contains("presenting");
  return `${location.pathname}?${isPresenting ? `reading#${id}` : `slides#/${id}`}`;
}

export function read() {
  nameHeadings();
  follow();
  addEventListener("hashchange", follow);
  addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-does=view]")) {
    button.addEventListener("click", leave);
  }
  for (const button of document.querySelectorAll("[data-does=notes]")) {
    button.addEventListener("click", toggleNotes);
  }
}

function nameHeadings() {
  for (const slide of document.querySelectorAll(".slides section section[id]")) {
    slide.setAttribute("aria-label", slide.dataset.title ?? slide.id);
  }
}

// A link made for the stage finds its slide here, too.
function follow() {
  const id = decodeURIComponent(location.hash.replace(/^#\/?/, ""));
  if (id) document.getElementById(id)?.scrollIntoView();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select")) return;
  if (event.key === "r") leave();
  else if (event.key === "d") toggleTheme();
  else if (event.key === "n") toggleNotes();
}

function leave() {
  location.assign(otherView(slideInView()?.id ?? ""));
}

function slideInView() {
  const slides = [...document.querySelectorAll(".slides section section[id]")];
  return slides.find((slide) => slide.getBoundingClientRect().bottom > innerHeight / 3);
}

function toggleNotes() {
  const root = document.documentElement;
  const anchor = slideInView();
  const before = anchor?.getBoundingClientRect().top;
  const isShown = root.classList.toggle("with-notes");
  if (anchor) scrollBy(0, anchor.getBoundingClientRect().top - before);
  for (const button of document.querySelectorAll("[data-does=notes]")) {
    button.setAttribute("aria-pressed", String(isShown));
  }
}
