// The source of a program in CodeMirror: what the slide shows of it, and the rest a click away.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, keymap, lineNumbers, WidgetType } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const showAll = StateEffect.define();
const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], class: "k" },
  { tag: [tags.string, tags.special(tags.string)], class: "s" },
  { tag: [tags.comment], class: "c" },
  { tag: [tags.number, tags.bool, tags.null], class: "m" },
  { tag: [tags.definition(tags.variableName), tags.function(tags.definition(tags.variableName)), tags.className, tags.tagName], class: "nf" },
  { tag: [tags.attributeName, tags.meta], class: "na" },
]);

export class Editor {
  #view;
  #file = "";

  constructor(element, { edits, onChange, onRun }) {
    this.edits = edits;
    this.onChange = onChange;
    this.extensions = [
      lineNumbers(), lintGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(),
      indentUnit.of("    "), syntaxHighlighting(COLOURS), EditorView.lineWrapping,
      keymap.of([
        { key: "Mod-Enter", run: () => (onRun(), true) },
        indentWithTab, ...defaultKeymap, ...historyKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        this.edits.set(this.#file, update.state.doc.toString());
        this.onChange();
      }),
    ];
    this.#view = new EditorView({ parent: element });
  }

  // Shows a file, and of it only the lines of `region` ([first, last], from 1) until asked for all.
  open(file, region = null) {
    this.#file = file;
    const language = file.endsWith(".html") ? html() : python();
    const label = EditorView.contentAttributes.of({ "aria-label": `Source of ${file}` });
    const extensions = [this.extensions, language, label, region ? folds(region) : []];
    this.#view.setState(EditorState.create({ doc: this.edits.get(file), extensions }));
  }

  get file() {
    return this.#file;
  }

  // Marks lines of the open file: [{ line, message }], the first in view.
  mark(problems) {
    const { doc } = this.#view.state;
    const diagnostics = problems
      .filter(({ line }) => line <= doc.lines)
      .map(({ line, message }) => ({ ...doc.line(line), severity: "error", message }));
    const shown = diagnostics.map(({ from, to, severity, message }) => ({ from, to, severity, message }));
    const effects = shown.length ? [showAll.of(null), EditorView.scrollIntoView(shown[0].from, { y: "center" })] : [];
    this.#view.dispatch({ effects });
    this.#view.dispatch(setDiagnostics(this.#view.state, shown));
  }
}

class Folded extends WidgetType {
  constructor(lines) {
    super();
    this.lines = lines;
  }

  eq(other) {
    return other.lines === this.lines;
  }

  toDOM(view) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "whole-file";
    button.textContent = `whole file: ${this.lines} more line${this.lines === 1 ? "" : "s"}`;
    button.addEventListener("click", () => view.dispatch({ effects: showAll.of(null) }));
    return button;
  }
}

function folds([first, last]) {
  const create = ({ doc }) => {
    const hidden = [];
    const hide = (from, to, lines) => hidden.push(Decoration.replace({ widget: new Folded(lines), block: true }).range(from, to));
    if (first > 1) hide(0, doc.line(first - 1).to, first - 1);
    if (last < doc.lines) hide(doc.line(last + 1).from, doc.length, doc.lines - last);
    return Decoration.set(hidden);
  };
  const update = (ranges, transaction) =>
    transaction.effects.some((effect) => effect.is(showAll)) ? Decoration.none : ranges.map(transaction.changes);
  return StateField.define({ create, update, provide: (field) => EditorView.decorations.from(field) });
}
