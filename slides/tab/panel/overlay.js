// A panel over the slide, for code that has none beside it. Closing it ends the program.

import { Panel } from "./panel.js";

// `makeHost` is as in panel.js.
export function open(program, region, makeHost) {
  const dialog = document.createElement("dialog");
  dialog.className = "overlay";
  dialog.setAttribute("aria-label", `The program ${program.name}`);
  const figure = document.createElement("figure");
  figure.className = "recording large";
  figure.dataset.program = program.name;
  figure.dataset.region = region;
  dialog.append(figure);
  document.body.append(dialog);
  const panel = new Panel(figure, program, makeHost);
  const close = panel.element.querySelector("[data-does=recorded]");
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  // The deck's keys are not for what lies over it.
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => {
    panel.showRecorded();
    dialog.remove();
  });
  dialog.showModal();
  panel.run();
}
