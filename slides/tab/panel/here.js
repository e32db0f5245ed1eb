// "Run here": a panel's program as a real process on this machine, where the page's server offers
// that to its reader. For a program that needs more than a tab this is how it runs.

import { RealHost } from "./real.js";

// `programs` are those that the server offers, by name, `url` its websocket; `page` is what `main.js`
// has: its panels, and how it runs and offers one.
export async function offer({ programs, url }, page) {
  const homes = new Map(Object.entries(programs).map(([name, facts]) => [name, home(facts, url)]));
  for (const figure of document.querySelectorAll("figure[data-program]")) {
    const found = homes.get(figure.dataset.program);
    if (found) addButton(figure, () => page.run(figure, found));
  }
  let modules = null; // of programs that are packages; fetched for the first
  for (const cell of document.querySelectorAll(".cell[data-shows]")) {
    const { shows, file } = cell.dataset;
    const found = homes.get(shows);
    if (!found) continue;
    const isPart = file.split("/").length > 2;
    if (isPart) modules ??= await (await fetch("modules.json")).json();
    page.offerCode(cell, isPart ? withFiles(found, filesOf(modules, file)) : found);
  }
  // What nobody sees any more is stopped: a process has the machine's own ports.
  document.addEventListener("slidechanged", ({ currentSlide }) => stopElsewhere(page.panels, currentSlide));
}

// The server starts what a program needs beside it.
function home({ path, port }, url) {
  return { isReal: true, facts: { path, port, beside: [] }, host: () => new RealHost(url) };
}

function withFiles({ facts, ...home }, files) {
  return { ...home, facts: { ...facts, files } };
}

// The module that is shown comes first.
function filesOf(modules, file) {
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  const others = Object.entries(modules).filter(([name]) => name.startsWith(folder));
  return { [file]: modules[file], ...Object.fromEntries(others) };
}

function addButton(figure, run) {
  const first = figure.querySelector("button.run");
  if (!first) return;
  const button = first.hidden ? first : first.cloneNode(); // the quiet choice beside the tab
  button.textContent = "Run here";
  button.title = "As a process on this machine";
  button.addEventListener("click", run);
  button.hidden = false;
  if (button === first) figure.querySelector(".why")?.replaceChildren();
  else {
    button.classList.add("quiet");
    first.after(button);
  }
}

async function stopElsewhere(panels, slide) {
  for (const [figure, { home, panel }] of panels) {
    if (home.isReal && !slide.contains(figure)) await (await panel).stop();
  }
}
