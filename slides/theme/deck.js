// The deck's page: slides for a stage, or a document to read. This script stands in the head and
// decides which before anything is painted; without it the page is the document.

import { restoreTheme, toggleTheme } from "./deck/appearance.js";
import { listen } from "./deck/changes.js";
import { read, wantsReading } from "./deck/reading.js";
import { isFramed, present } from "./deck/stage.js";
import { enter } from "./room/room.js";

const root = document.documentElement;
const isReading = wantsReading();
// Printed, in the speaker's window, or moved by another page: nobody follows there.
const isAlone = isFramed || /[?&](print-pdf|view=print|receiver)/.test(location.search);
restoreTheme();
root.classList.toggle("framed", isFramed);
root.classList.toggle("presenting", !isReading);

document.addEventListener("DOMContentLoaded", async () => {
  if (root.dataset.events) listen(root.dataset.events);
  for (const button of document.querySelectorAll("[data-does=theme]")) {
    button.addEventListener("click", toggleTheme);
  }
  if (isReading) read();
  const deck = isReading ? null : await present();
  if (!isAlone) enter(deck);
});
