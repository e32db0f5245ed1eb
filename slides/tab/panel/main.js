// Makes recorded runs live: finds the panels of a page, and gives each its Run button. What runs a
// program is loaded when somebody wants it.

import { obstacle } from "./support.js";

const programs = JSON.parse(document.getElementById("programs")?.textContent ?? "{}");
const panels = new Map(); // figure → promise of its Panel

for (const figure of document.querySelectorAll("figure[data-program]")) offer(figure);
addEventListener("keydown", pressed);
addEventListener("pagehide", () => each((panel) => panel.kill()));

function offer(figure) {
  const program = programs[figure.dataset.program];
  if (!program) return;
  const why = obstacle(program);
  if (why) {
    figure.querySelector(".why")?.append(why);
    return;
  }
  const button = figure.querySelector("button.run");
  button.hidden = false;
  button.addEventListener("click", () => run(figure));
  for (const sign of ["pointerenter", "focus"]) {
    button.addEventListener(sign, () => import("./panel.js"), { once: true });
  }
}

async function run(figure) {
  if (!panels.has(figure)) {
    const program = programs[figure.dataset.program];
    panels.set(figure, import("./panel.js").then(({ Panel }) => new Panel(figure, program)));
  }
  const panel = await panels.get(figure);
  await panel.run();
}

async function each(act) {
  for (const panel of panels.values()) act(await panel);
}

// "e" runs what the slide shows, or goes back to its recorded run.
async function pressed(event) {
  if (event.key !== "e" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, [contenteditable]")) return;
  const shown = document.querySelector("section.present:not(.stack)") ?? document;
  const figure = shown.querySelector("figure[data-program]:has(button.run:not([hidden]), .bench)");
  if (!figure) return;
  const panel = await panels.get(figure);
  if (panel?.isLive) panel.showRecorded();
  else run(figure);
}
