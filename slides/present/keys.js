// A speaker's keys, as a JupyterLab extension written by hand: the slideshow page loads it as it is.
//
// Shift+Enter runs the slide's next code cell and stays on the slide; walking past the last slide
// leads into the next chapter, walking back from the first into the one before; and all of it
// works from the first key, without a click.

const FORWARD = new Set([" ", "PageDown", "ArrowRight"]);
const BACK = new Set(["PageUp", "ArrowLeft"]);

// RISE's own keys. Every other letter is JupyterLab's and cuts, adds or deletes a cell.
const LETTERS = new Set(["t", "T", "f", "F", "w", "W", ",", "?", "/", " "]);

class Speaker {
  constructor(app) {
    this.app = app;
    this.isLeaving = false;
    this.runs = Promise.resolve();
  }

  get panel() {
    return this.app.shell.currentWidget;
  }

  get notebook() {
    return this.panel?.content;
  }

  get slide() {
    return document.querySelector(".slides > section.present > section.present");
  }

  // The other chapters, as `make present` wrote them into the copy of the notebook.
  get around() {
    return this.notebook?.model?.getMetadata("talk") ?? {};
  }

  // Take the keys before JupyterLab and reveal.js do.
  listen() {
    window.addEventListener("keydown", (event) => {
      if (this.slide && this.press(event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }, { capture: true });
  }

  // Do what a key means here; tell whether it is dealt with.
  press(event) {
    if (event.key === "Enter" && (event.shiftKey || event.altKey)) return this.runCell();
    const isTyping = event.target.closest(".cm-editor, input, textarea, select, .jp-Dialog");
    if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "Enter") this.chooseCell();
    const isBack = BACK.has(event.key) || (event.key === " " && event.shiftKey);
    if (isBack) return this.isFirst() && this.leave(this.around.previous);
    if (FORWARD.has(event.key)) return this.isLast() && this.leave(this.around.next);
    const isLetter = event.key.length === 1 && !LETTERS.has(event.key);
    return isLetter || event.key === "ArrowUp" || event.key === "ArrowDown";
  }

  // The code cells an audience sees on this slide now.
  get codeCells() {
    const { slide } = this;
    return this.notebook.widgets.filter(
      (cell) =>
        cell.model.type === "code" &&
        slide.contains(cell.node) &&
        !cell.node.matches(".reveal-skip, .fragment:not(.visible) *"),
    );
  }

  // The cell to run or edit: the active one where it is on this slide, or the slide's first.
  chooseCell() {
    const { notebook, codeCells } = this;
    const at = Math.max(0, codeCells.indexOf(notebook.activeCell));
    notebook.deselectAll();
    this.activate(codeCells[at]);
    return [codeCells[at], codeCells[at + 1]];
  }

  activate(cell) {
    if (cell) this.notebook.activeCellIndex = this.notebook.widgets.indexOf(cell);
  }

  // Run a code cell and stay on the slide, on its next code cell.
  runCell() {
    const [cell, next] = this.chooseCell();
    if (!cell) return true;
    this.notebook.mode = "command";
    // A key that comes before the kernel is there waits for it, and is forgotten with the slide.
    this.runs = this.runs.then(() => this.panel.sessionContext.ready).then(() => {
      if (!this.slide.contains(cell.node)) return;
      this.activate(cell);
      this.app.commands.execute("notebook:run-cell").catch((error) => console.warn(String(error)));
      this.activate(next);
    });
    return true;
  }

  isFirst() {
    const { slide } = this;
    return !slide.parentElement.matches("section ~ section") && !slide.querySelector(".fragment.visible");
  }

  isLast() {
    const { slide } = this;
    const isEnd = slide.parentElement === [...document.querySelectorAll(".slides > section")].at(-1);
    return isEnd && !slide.querySelector(".fragment:not(.visible)");
  }

  // Go to another chapter; what was run and edited here is saved first, and the ports are freed.
  leave(chapter) {
    if (!chapter) return false;
    if (this.isLeaving) return true;
    this.isLeaving = true;
    const go = () => location.assign(this.address(chapter));
    const patience = new Promise((resolve) => setTimeout(resolve, 1500));
    Promise.race([Promise.allSettled([this.panel.context.save(), this.stopServers()]), patience]).then(go);
    return true;
  }

  address(chapter) {
    const folder = location.pathname.replace(/[^/]*$/, "");
    return `${folder}${chapter.file}?activeCellIndex=${chapter.cell}`;
  }

  // The next chapter serves on the same ports; this one's kernel and its names stay.
  async stopServers() {
    const kernel = this.panel.sessionContext.session?.kernel;
    const code = "from slides.live.stage import stage as _stage\nawait _stage().clear()\ndel _stage";
    await kernel?.requestExecute({ code, silent: true, store_history: false, stop_on_error: false }).done;
  }

  // A way on for the mouse, at the end of the chapter.
  addLink() {
    const { next } = this.around;
    const last = [...document.querySelectorAll(".slides > section > section")].at(-1);
    if (!next || !last) return;
    const link = document.createElement("a");
    link.className = "next-chapter";
    link.href = this.address(next);
    link.textContent = `Next: ${next.title} →`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.leave(next);
    });
    last.append(link);
  }

  // Files a slide links to open beside the talk, not over it.
  openLinksBeside() {
    window.addEventListener("click", (event) => {
      const link = event.target.closest?.(".jp-RenderedMarkdown a[href]");
      if (!link || link.getAttribute("href").startsWith("#")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      window.open(link.href, "_blank", "noopener");
    }, { capture: true });
  }

  // RISE begins at the cell its address names: a reloaded page, and the notes window with its two
  // small copies of it, then come to this slide and not to the first.
  rememberSlide() {
    const cell = this.notebook.widgets.findIndex(({ node }) => this.slide?.contains(node));
    const search = cell < 0 ? "" : `?activeCellIndex=${cell}`;
    history.replaceState(history.state, "", location.pathname + search + location.hash);
  }

  // At once: the browser tells of a new hash only when it has painted the slide, and `t` may come
  // before that. But after reveal.js, which writes the hash when it has told of the slide.
  rememberSlides() {
    window.addEventListener("slidechanged", () => queueMicrotask(() => this.rememberSlide()));
  }

  // RISE's notes window shows what is in a notes cell: its text, and then its source again.
  tidyNotes() {
    for (const source of document.querySelectorAll("aside.notes .jp-Editor")) source.remove();
  }

  begin() {
    this.addLink();
    this.tidyNotes();
  }

  // Not in the notes window: of its two copies the later one would have the keys, and only the
  // earlier leads.
  focus() {
    this.notebook.node.focus();
  }
}

// The notes window's copy of the slides leads, too; but seconds after the window was opened it
// tells where it begins, and whoever has walked on by then is not to be led back. So it is heard
// only once it has been told a slide from here.
const isLead = (message) => String(message).startsWith('{"method":"setState"');

function leadTheNotesWindow() {
  window.addEventListener("message", (event) => {
    if (isLead(event.data) && !event.source?.hasFollowed) event.stopImmediatePropagation();
  }, { capture: true });
}

// The copy with the coming slide may be there only when both have been told: then it asks again, in
// the words the notes window uses when the other is there.
function followTheSlides() {
  const { parent } = window;
  window.addEventListener("message", (event) => {
    if (isLead(event.data)) parent.hasFollowed = true;
  });
  window.addEventListener("ready", () => {
    const again = JSON.stringify({ namespace: "reveal-notes", type: "connected" });
    if (parent.hasFollowed) parent.opener?.postMessage(again, location.origin);
  });
}

// Wait until RISE has made slides of the cells.
function whenReady(callback) {
  const observer = new MutationObserver(() => {
    if (document.querySelector(".slides > section.present > section.present")) {
      observer.disconnect();
      callback();
    }
  });
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["class"] });
}

const plugin = {
  id: "talk-keys:plugin",
  autoStart: true,
  activate(app) {
    const speaker = new Speaker(app);
    const isNotesWindow = new URLSearchParams(location.search).has("receiver");
    speaker.openLinksBeside();
    whenReady(() => speaker.begin());
    if (isNotesWindow) return followTheSlides();
    whenReady(() => speaker.focus());
    speaker.listen();
    speaker.rememberSlides();
    leadTheNotesWindow();
  },
};

// What webpack's module federation asks of a bundle: one that shares nothing and needs nothing.
(window._JUPYTERLAB ??= {})["talk-keys"] = {
  init() {},
  async get() {
    return () => ({ __esModule: true, default: plugin });
  },
};
