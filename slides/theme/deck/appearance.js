// Light or dark: the reader's choice if there is one, else the system's.

const KEY = "talk-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

// Storage is refused where the reader forbids it: the choice then lasts as long as the page.
function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    /* see above */
  }
}

function show(theme) {
  document.documentElement.dataset.theme = theme;
}

export function restoreTheme() {
  const isPrinted = /print-pdf|view=print/.test(location.search);
  const asked = new URLSearchParams(location.search).get("theme");
  const restore = () => {
    const theme = asked ?? (isPrinted ? "light" : remembered());
    show(theme ?? (system.matches ? "dark" : "light"));
  };
  restore();
  system.addEventListener("change", restore);
  // The speaker's window and the pages of another tab follow the choice.
  addEventListener("storage", (event) => {
    if (event.key === KEY) restore();
  });
}

export function toggleTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  show(theme);
  remember(theme);
}
