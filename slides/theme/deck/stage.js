// The talk as slides: reveal.js, and what the talk wants otherwise.

import Reveal from "reveal.js";
import Notes from "reveal.js/plugin/notes";

import { toggleTheme } from "./appearance.js";
import { fitAll } from "./fit.js";
import { otherView } from "./reading.js";

const CONFIG = {
  width: 1280,
  height: 720,
  margin: 0,
  maxScale: 4,
  center: false,
  display: "flex",
  hash: true,
  navigationMode: "linear",
  slideNumber: "c/t",
  showSlideNumber: "all",
  transition: "none",
  backgroundTransition: "none",
  controlsTutorial: false,
  scrollActivationWidth: 0, // the document is what a narrow screen gets
  pdfSeparateFragments: false,
  pdfMaxPagesPerSlide: 1,
  pdfPageHeightOffset: 0,
  autoAnimate: false,
  defaultTiming: 60, // seconds; a slide's own minutes stand on it
  plugins: [Notes],
};

// `talk.html?frame#/slide/fragment` is one slide in a page that moves it: the speaker's view.
export const isFramed = new URLSearchParams(location.search).has("frame");
const FRAMED = {
  slideNumber: false,
  progress: false,
  keyboard: false,
  touch: false,
  respondToHashChanges: true,
  history: false,
  hash: false,
  plugins: [],
};

const TALK = document.title;

export async function present() {
  fitAll();
  const deck = new Reveal(document.querySelector(".reveal"), isFramed ? { ...CONFIG, ...FRAMED } : CONFIG);
  if (!isFramed) bind(deck);
  deck.on("ready", () => name(deck));
  deck.on("slidechanged", () => name(deck));
  await deck.initialize();
  return deck;
}

function bind(deck) {
  const leave = () => location.assign(otherView(deck.getCurrentSlide()?.id ?? ""));
  // Where "?" stands depends on the keyboard, and reveal only looks at where it is on an American one.
  addEventListener("keydown", (event) => askForHelp(deck, event), { capture: true });
  deck.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, toggleTheme);
  // The panels listen for it themselves (slides/tab/panel); this is for the list of keys.
  deck.addKeyBinding({ keyCode: 69, key: "E", description: "Run the program, or show its recording" }, () => {});
  deck.addKeyBinding({ keyCode: 82, key: "R", description: "Read as a document" }, leave);
  // Reveal's own Home and End stop at the slide last seen of the first and the last chapter.
  deck.addKeyBinding(36, () => deck.slide(0, 0));
  deck.addKeyBinding(35, () => goTo(deck, deck.getSlides().at(-1)));
  for (const button of document.querySelectorAll("[data-does=view]")) {
    button.addEventListener("click", leave);
  }
  const skip = document.querySelector(".skip");
  skip?.addEventListener("click", (event) => {
    event.preventDefault(); // the address belongs to the slides
    const slide = deck.getCurrentSlide();
    slide.tabIndex = -1;
    slide.focus();
  });
}

function goTo(deck, slide) {
  const { h, v } = deck.getIndices(slide);
  deck.slide(h, v);
}

function askForHelp(deck, event) {
  if (event.key !== "?" || event.ctrlKey || event.metaKey) return;
  if (event.target.closest?.("input, textarea, [contenteditable], dialog")) return;
  event.stopPropagation();
  event.preventDefault();
  deck.toggleHelp();
}

function name(deck) {
  const title = deck.getCurrentSlide()?.dataset.title;
  document.title = title && title !== TALK ? `${title} · ${TALK}` : TALK;
}
