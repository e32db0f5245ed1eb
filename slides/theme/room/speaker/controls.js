// What the speaker presses: keys (and what a presenter's remote sends as keys), buttons, swipes.

const KEYS = new Map([
  ["ArrowRight", "onward"],
  ["ArrowDown", "onward"],
  ["PageDown", "onward"],
  [" ", "onward"],
  ["ArrowLeft", "back"],
  ["ArrowUp", "back"],
  ["PageUp", "back"],
  ["Home", "first"],
  ["End", "last"],
  ["b", "black"],
  [".", "black"],
  ["q", "code"],
  ["e", "toggle"],
  ["d", "theme"],
]);
const SWIPE = 50; // CSS pixels to the side, and twice as far as up or down

// `acts` has a function for each of the words above, and for each `data-does` of the page.
export function bind(acts) {
  addEventListener("keydown", (event) => onKey(event, acts));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-does]");
    if (button) acts[button.dataset.does]();
    const tab = target.closest(".tabs [data-tab]");
    if (tab) choose(tab);
  });
  bindSwipe(acts);
}

function onKey(event, acts) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const does = KEYS.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!does || event.target.closest("select, input, textarea")) return;
  // Space presses the button that has the keyboard; in a dialog only its own key counts.
  if (event.key === " " && event.target.closest("button")) return;
  if (document.querySelector("dialog[open]") && does !== "code") return;
  // Held down, the arrows go on; a switch would only flicker.
  if (event.repeat && !["onward", "back"].includes(does)) return;
  event.preventDefault();
  acts[does]();
}

function choose(tab) {
  document.body.dataset.tab = tab.dataset.tab;
  for (const each of document.querySelectorAll(".tabs [data-tab]")) {
    each.setAttribute("aria-pressed", String(each === tab));
  }
}

// Anywhere but on the slide, where a finger points.
function bindSwipe(acts) {
  let start = null;
  addEventListener(
    "touchstart",
    ({ touches, target }) => {
      const isFree = touches.length === 1 && !target.closest(".glass, select, dialog");
      start = isFree ? { x: touches[0].clientX, y: touches[0].clientY } : null;
    },
    { passive: true },
  );
  addEventListener("touchcancel", () => void (start = null), { passive: true });
  addEventListener(
    "touchend",
    ({ changedTouches: [touch] }) => {
      if (!start) return;
      const [across, along] = [touch.clientX - start.x, touch.clientY - start.y];
      start = null;
      if (Math.abs(across) < SWIPE || Math.abs(across) < 2 * Math.abs(along)) return;
      acts[across < 0 ? "onward" : "back"]();
    },
    { passive: true },
  );
}
