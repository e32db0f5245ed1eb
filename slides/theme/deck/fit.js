// The size of the type on each slide: larger where there are only a few words, smaller where the
// content is higher than the canvas, down to a bound.

const LARGEST = 1.25;
const SMALLEST = 0.64;
const STEP = 0.03;

// To be called before the slides are laid out as a deck, where all of them have a size.
export function fitAll() {
  const root = document.documentElement;
  root.classList.add("measuring");
  for (const slide of document.querySelectorAll(".slides section section")) fit(slide);
  root.classList.remove("measuring");
}

function fit(slide) {
  const isProse = !slide.querySelector("h1, pre, svg, figure, table, iframe");
  for (let scale = isProse ? LARGEST : 1; scale >= SMALLEST; scale -= STEP) {
    if (scale === 1) slide.style.removeProperty("--fit");
    else slide.style.setProperty("--fit", scale.toFixed(2));
    if (!overflows(slide)) return;
  }
  slide.classList.add("too-long");
}

// A scrolling box inside the slide hides how high or wide its content is, so they are asked, too.
function overflows(slide) {
  return [slide, ...slide.querySelectorAll("pre")].some(
    (box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1,
  );
}
