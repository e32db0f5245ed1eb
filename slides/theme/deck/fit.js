// Slides whose content is higher than the canvas get smaller type, down to a bound.

const SMALLEST = 0.7;
const STEP = 0.03;

// To be called before the slides are laid out as a deck, where all of them have a size.
export function fitAll() {
  const root = document.documentElement;
  root.classList.add("measuring");
  for (const slide of document.querySelectorAll(".slides section section")) fit(slide);
  root.classList.remove("measuring");
}

function fit(slide) {
  for (let scale = 1; scale > SMALLEST - STEP / 2; scale -= STEP) {
    if (scale < 1) slide.style.setProperty("--fit", scale.toFixed(2));
    if (!overflows(slide)) return;
  }
  slide.classList.add("too-long");
}

function overflows(slide) {
  return slide.scrollHeight > slide.clientHeight + 1 || slide.scrollWidth > slide.clientWidth + 1;
}
