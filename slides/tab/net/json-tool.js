// `python -m json.tool`: JSON, a value a line.

const INDENT = "    ";
const SPACE = /[ \t\n\r]*/y;
const OPENED = /"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;
const VALUE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/y;
const NAME = "Expecting property name enclosed in double quotes";

// Gives the text it shows; a SyntaxError has Python's words for what is wrong.
export function prettyJson(text) {
  return new Reader(text).whole();
}

class Reader {
  #text;
  #at = 0;

  constructor(text) {
    this.#text = text;
  }

  whole() {
    const shown = this.#value("");
    this.#skip();
    if (this.#at < this.#text.length) this.#fail("Extra data");
    return shown;
  }

  #value(indent) {
    this.#skip();
    if (this.#takes("{")) return this.#items("{", "}", indent, (inner) => this.#member(inner));
    if (this.#takes("[")) return this.#items("[", "]", indent, (inner) => this.#value(inner));
    return this.#string() ?? this.#match(VALUE) ?? this.#fail("Expecting value");
  }

  #member(indent) {
    this.#skip();
    const name = this.#string() ?? this.#fail(NAME);
    this.#skip();
    if (!this.#takes(":")) this.#fail("Expecting ':' delimiter");
    return `${name}: ${this.#value(indent)}`;
  }

  #items(open, close, indent, item) {
    this.#skip();
    if (this.#takes(close)) return open + close;
    const inner = indent + INDENT;
    const shown = [];
    do {
      shown.push(inner + item(inner));
      this.#skip();
    } while (this.#takes(","));
    if (!this.#takes(close)) this.#fail("Expecting ',' delimiter");
    return `${open}\n${shown.join(",\n")}\n${indent}${close}`;
  }

  #string() {
    const start = this.#at;
    const opened = this.#match(OPENED);
    if (opened === null) return null;
    if (this.#takes('"')) return ascii(JSON.stringify(JSON.parse(`${opened}"`)));
    const rest = this.#text.slice(this.#at);
    if (/^[\0-\x1f]/.test(rest)) this.#fail("Invalid control character at");
    if (/^\\u/.test(rest)) this.#fail("Invalid \\uXXXX escape", this.#at + 1);
    if (/^\\[^]/.test(rest)) this.#fail("Invalid \\escape");
    this.#fail("Unterminated string starting at", start);
  }

  #skip() {
    this.#match(SPACE);
  }

  #takes(sign) {
    const found = this.#text[this.#at] === sign;
    if (found) this.#at += 1;
    return found;
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found && found[0];
  }

  #fail(what, at = this.#at) {
    const before = this.#text.slice(0, at).split("\n");
    const column = before.at(-1).length + 1;
    throw new SyntaxError(`${what}: line ${before.length} column ${column} (char ${at})`);
  }
}

function ascii(text) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[^ -~]/g, escaped);
}
