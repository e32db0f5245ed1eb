// This slide and what comes next, each a frame of the deck that is moved by its address, and the
// glass before this one, on which the speaker points.

const DECK = "talk.html?frame";
const byId = (id) => document.getElementById(id);

export class Stage {
  #coming = null;

  constructor(road) {
    this.road = road;
    // A phone has no room for both: the second deck is loaded when it is looked at.
    new IntersectionObserver(() => this.#showComing()).observe(byId("next"));
  }

  show(step) {
    const { road } = this;
    const slide = road.slideAt(step);
    const next = road.after(step);
    move(byId("this"), step);
    this.#coming = next;
    this.#showComing();
    const place = road.places.get(slide.id) + 1;
    const fragments = slide.fragments ? `, step ${step.fragment + 2} of ${slide.fragments + 1}` : "";
    byId("place").textContent = `${place} of ${road.slides.length}${fragments}`;
    byId("go").value = slide.id;
    byId("coming").textContent = next ? this.#name(next, slide) : "That was the last slide.";
    document.title = `${slide.title} · Speaker`;
    showNotes(slide.notes);
  }

  veil(on) {
    byId("veil").hidden = !on;
    document.body.classList.toggle("black", on);
  }

  #name(next, slide) {
    const { id, title, chapter, deep } = this.road.slideAt(next);
    if (id === slide.id) return "on this slide";
    return chapter === slide.chapter ? title : `${title} · ${deep ? "a deep dive" : "a new chapter"}`;
  }

  #showComing() {
    const frame = byId("next");
    frame.hidden = !this.#coming;
    if (this.#coming && frame.offsetParent) move(frame, this.#coming);
  }
}

// By replacing the address: a step is no entry in the history, and the deck is not loaded again.
function move(frame, { slide, fragment }) {
  const url = new URL(`${DECK}#/${encodeURIComponent(slide)}/${fragment}`, location.href).href;
  if (frame.dataset.at === url) return;
  frame.dataset.at = url;
  if (frame.src) frame.contentWindow.location.replace(url);
  else frame.src = url;
}

function showNotes(notes) {
  const items = notes.map(({ kind, text }) => {
    const item = document.createElement("li");
    if (kind) item.append(labelled(kind));
    // Every other piece between back-ticks is code.
    const pieces = text.split("`").map((piece, place) => {
      const element = document.createElement(place % 2 ? "code" : "span");
      element.textContent = piece;
      return element;
    });
    const words = document.createElement("p");
    words.append(...pieces);
    item.append(words);
    return item;
  });
  byId("notes").replaceChildren(...items);
  byId("notes").parentElement.scrollTop = 0;
}

function labelled(kind) {
  const label = document.createElement("b");
  label.className = kind.toLowerCase();
  label.textContent = kind;
  return label;
}

// `point` is called with { x, y } in shares of the slide, and with {} when the finger is lifted.
export function watchPointer(point) {
  const glass = byId("glass");
  let isDown = false;
  let due = 0;
  const tell = (event) => {
    const box = glass.getBoundingClientRect();
    const share = (at, from, size) => Math.min(1, Math.max(0, (at - from) / size));
    const spot = { x: share(event.clientX, box.left, box.width), y: share(event.clientY, box.top, box.height) };
    showPoint(spot);
    cancelAnimationFrame(due); // a screen shows no more than one a frame
    due = requestAnimationFrame(() => point(spot));
  };
  const lift = () => {
    if (!isDown) return;
    isDown = false;
    cancelAnimationFrame(due);
    showPoint({});
    point({});
  };
  glass.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    isDown = true;
    glass.setPointerCapture(event.pointerId);
    tell(event);
  });
  glass.addEventListener("pointermove", (event) => isDown && event.isPrimary && tell(event));
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) glass.addEventListener(end, lift);
}

export function showPoint({ x, y }) {
  const dot = byId("dot");
  dot.hidden = typeof x !== "number";
  dot.style.left = `${(x ?? 0) * 100}%`;
  dot.style.top = `${(y ?? 0) * 100}%`;
}
