// What the speaker ran in a slide's panel: the edited program, its page and its log.

import { make } from "./elements.js";

let shown = null;

export function showRan(ran) {
  shown?.remove();
  shown = null;
  const figure = ran && find(ran);
  if (!figure) return;
  const own = make("figure", { className: "recording ran", aria: { label: "The speaker ran this" } });
  own.append(bar(ran, "The recording", () => swap(own, figure)), stage(ran));
  const back = make("button", { type: "button", className: "to-ran", onclick: () => swap(figure, own) });
  back.append("The speaker ran this");
  figure.querySelector(".bar-line").append(back);
  figure.after(own);
  // A program that the reader runs here themselves stays in front.
  if (figure.matches(".live, :focus-within")) own.hidden = true;
  else figure.hidden = true;
  shown = {
    remove() {
      own.remove();
      back.remove();
      figure.hidden = false;
    },
  };
}

function find({ program, region }) {
  const all = [...document.querySelectorAll("figure.recording[data-program]")];
  const same = all.filter(({ dataset }) => dataset.program === program);
  return same.find(({ dataset }) => (dataset.region ?? "") === region) ?? same[0];
}

function swap(gone, come) {
  gone.hidden = true;
  come.hidden = false;
  come.querySelector("button:last-child")?.focus();
}

function bar({ program }, label, act) {
  const name = make("p", { className: "name" }, program);
  const said = make("p", { className: "by-speaker" }, "the speaker ran this");
  const button = make("button", { type: "button", onclick: act }, label);
  return make("div", { className: "bar-line" }, name, said, button);
}

function stage({ program, files, page, log }) {
  const sources = Object.entries(files).flatMap(([name, text]) => [
    make("p", { className: "file" }, name),
    make("pre", {}, make("code", {}, text)),
  ]);
  const source = make("div", { className: "source", tabIndex: 0 }, ...sources);
  source.setAttribute("role", "region");
  source.setAttribute("aria-label", "The program as it was run");
  const parts = sources.length ? [source] : [];
  if (page) parts.push(make("div", { className: "page" }, framed(page, program)));
  const lines = make("pre", { className: "log", tabIndex: 0 }, log || "Nothing was logged.");
  lines.setAttribute("role", "region");
  lines.setAttribute("aria-label", "The log");
  return make("div", { className: "stage", data: { parts: parts.length } }, ...parts, lines);
}

// The empty sandbox is what keeps it from doing anything; that its scripts are left out only spares
// the console a complaint about each.
function framed(page, program) {
  const frame = make("iframe", { title: `The page of ${program}, as the speaker saw it`, tabIndex: -1 });
  frame.setAttribute("sandbox", "");
  const copy = new DOMParser().parseFromString(page, "text/html"); // inert: it loads and runs nothing
  for (const script of copy.querySelectorAll("script, meta[http-equiv]")) script.remove();
  for (const element of copy.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) if (/^on/i.test(name)) element.removeAttribute(name);
  }
  frame.srcdoc = `<!doctype html>${copy.documentElement.outerHTML}`;
  return frame;
}
