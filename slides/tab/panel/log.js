// The log of a panel: lines as the program writes them, the newest in view.

const MOST = 1000; // lines
const COLOURS = { 31: "red", 32: "green", 33: "yellow", 34: "blue", 35: "magenta", 36: "cyan" };
// eslint-disable-next-line no-control-regex
const ESCAPE = /\x1b\[([\d;]*)m/g;

export class Log {
  #list;
  #open = null; // the line that is not ended yet

  constructor(list) {
    this.#list = list;
  }

  get text() {
    return [...this.#list.children].map((line) => line.textContent).join("\n");
  }

  clear() {
    this.#list.replaceChildren();
    this.#open = null;
  }

  // A line of the panel's own.
  note(text) {
    this.#keepInView(() => this.#add("note", text));
  }

  write(text, stream) {
    this.#keepInView(() => {
      for (const piece of text.split(/(?<=\n)/)) {
        const line = piece.replace(/\n$/, "");
        if (this.#open) append(this.#open, line);
        else this.#open = this.#add(stream, line);
        if (piece.endsWith("\n")) this.#open = null;
      }
    });
  }

  #add(kind, text) {
    const line = document.createElement("li");
    line.className = kind;
    append(line, text);
    this.#list.append(line);
    while (this.#list.childElementCount > MOST) this.#list.firstElementChild.remove();
    return line;
  }

  #keepInView(change) {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 24;
    change();
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

// Text with the colours that a terminal would show.
export function append(element, text) {
  let at = 0;
  let colour = "";
  const put = (part) => {
    if (!part) return;
    const span = document.createElement("span");
    span.textContent = part;
    if (colour) span.className = colour;
    element.append(colour ? span : part);
  };
  for (const found of text.matchAll(ESCAPE)) {
    put(text.slice(at, found.index));
    at = found.index + found[0].length;
    colour = COLOURS[found[1].split(";").at(-1)] ?? "";
  }
  put(text.slice(at));
}
