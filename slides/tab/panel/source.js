// The source in a panel: its files, the reader's edits of them, and what went wrong where.

import { Edits } from "./edits.js";
import { Editor } from "./editor.js";
import { Problems } from "./problems.js";

export class Source {
  #element;
  #reset;
  #editor;
  #problems = new Problems();
  #dropped = null; // edits that a reset took away, and can be brought back

  // `region` is the lines to begin with, [first, last]; `reset` the button.
  constructor(element, { program, region, reset, onRun }) {
    this.#element = element;
    this.#reset = reset;
    this.files = program.files;
    this.edits = new Edits(program.name, program.files);
    const onChange = () => this.#edited();
    this.#editor = new Editor(element.querySelector(".editor"), { edits: this.edits, onRun, onChange });
    this.#listFiles(element.querySelector(".files"));
    this.#open(Object.keys(this.files)[0], region);
    this.#edited();
    reset.addEventListener("click", () => this.#resetOrUndo());
  }

  // A program starts anew: what went wrong before is history.
  begin() {
    this.#problems = new Problems();
    this.#editor.mark([]);
  }

  // Takes what a program writes to standard error; tells whether a line of these files is marked now.
  read(text) {
    if (!this.#problems.read(text)) return false;
    const problem = this.#problems.found.findLast(({ file }) => file in this.files);
    if (!problem) return false;
    if (problem.file !== this.#editor.file) this.#open(problem.file);
    this.#editor.mark([problem]);
    return true;
  }

  #listFiles(list) {
    for (const file of Object.keys(this.files)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = file.split("/").at(-1);
      button.dataset.file = file;
      button.addEventListener("click", () => this.#open(file));
      list.append(button);
    }
    list.hidden = list.childElementCount < 2;
  }

  #open(file, region = null) {
    this.#editor.open(file, region);
    for (const button of this.#element.querySelectorAll("[data-file]")) {
      button.setAttribute("aria-pressed", String(button.dataset.file === file));
    }
  }

  #edited() {
    if (this.edits.areThere) this.#dropped = null;
    this.#reset.hidden = !this.edits.areThere && !this.#dropped;
    this.#reset.textContent = this.edits.areThere ? "Reset" : "Undo reset";
  }

  #resetOrUndo() {
    if (this.#dropped) {
      for (const [file, text] of Object.entries(this.#dropped)) this.edits.set(file, text);
    } else {
      this.#dropped = this.edits.changed;
      this.edits.clear();
    }
    this.#open(this.#editor.file);
    this.#edited();
  }
}
