// Makes recorded runs live: finds the panels of a page, and gives each its Run button. What runs a
// program is loaded when somebody wants it.

import { obstacle } from "./support.js";

const base = document.currentScript.src;
const part = (name) => import(new URL(`tab-${name}.js`, base));
const programs = JSON.parse(document.getElementById("programs")?.textContent ?? "{}");
const panels = new Map(); // figure → { home, panel: promise of its Panel }
const TAB = {}; // the home of a program in this tab; another has a host of its own, and other facts

for (const figure of document.querySelectorAll("figure[data-program]")) offer(figure);
for (const cell of document.querySelectorAll(".cell[data-shows]")) offerCode(cell);
addEventListener("keydown", pressed);
addEventListener("pagehide", () => each((panel) => panel.kill()));
// The speaker's deck tells that its server runs programs, too.
document.addEventListener("runhere", async ({ detail }) => {
  try {
    const { offer } = await part("here");
    await offer(detail, { panels, run, offerCode });
  } catch {
    /* the server is away already */
  }
});

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
    button.addEventListener(sign, () => part("panel"), { once: true });
  }
}

// Code of a program on a slide that has no panel of it.
function offerCode(cell, home = TAB) {
  const { shows, region } = cell.dataset;
  const program = programs[shows];
  const slide = cell.closest("section");
  if (!program || cell.querySelector(".run-code") || (home === TAB && obstacle(program))) return;
  if (slide.querySelector(`figure[data-program="${shows}"]`)) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "run-code";
  button.textContent = "Run";
  button.title = `Run ${shows} ${home === TAB ? "in this tab" : "on this machine"}`;
  button.addEventListener("click", async () => {
    const { open } = await part("overlay");
    open({ ...program, ...home.facts }, region, home.host);
  });
  cell.append(button);
}

async function run(figure, home = TAB) {
  const before = panels.get(figure);
  if (before?.home !== home) {
    const program = { ...programs[figure.dataset.program], ...home.facts };
    const panel = Promise.all([part("panel"), before?.panel.then((old) => old.remove())]);
    panels.set(figure, { home, panel: panel.then(([{ Panel }]) => new Panel(figure, program, home.host)) });
  }
  await (await panels.get(figure).panel).run();
}

async function each(act) {
  for (const { panel } of panels.values()) act(await panel);
}

// "e" runs what the slide shows, or goes back to its recorded run.
async function pressed(event) {
  if (event.key !== "e" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, [contenteditable]")) return;
  const shown = document.querySelector("section.present:not(.stack)") ?? document;
  const figure = shown.querySelector("figure[data-program]:has(button.run:not([hidden]), .bench)");
  if (!figure) {
    shown.querySelector("button.run-code")?.click();
    return;
  }
  const { home, panel } = panels.get(figure) ?? {};
  if (!panel) figure.querySelector("button.run:not([hidden])").click();
  else if ((await panel).isLive) (await panel).showRecorded();
  else run(figure, home);
}
