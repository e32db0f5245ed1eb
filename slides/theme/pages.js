// The front page and the programs' pages: light or dark, nothing else.

import { restoreTheme, toggleTheme } from "./deck/appearance.js";

restoreTheme();

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-does=theme]")) {
    button.addEventListener("click", toggleTheme);
  }
});

addEventListener("keydown", (event) => {
  if (event.key === "d" && !event.ctrlKey && !event.metaKey && !event.altKey) toggleTheme();
});
