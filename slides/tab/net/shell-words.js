// A line of the shell as commands of words.

const PIECE = new RegExp(
  [
    String.raw`(?<gap>(?:[ \t]|\\\r?\n)+)`, // a line that ends with \ goes on
    String.raw`(?<comment>(?<![^\s;&|])#[^\n]*)`,
    String.raw`'(?<single>[^']*)'`,
    String.raw`"(?<double>(?:[^"\\]|\\[^])*)"`,
    String.raw`\\(?<escaped>[^])`,
    String.raw`(?<sign>&&|\|\||[;|\n]|\r\n)`,
    String.raw`(?<plain>[^\s'"\\;|&<>]+)`,
  ].join("|"),
  "y",
);
const AMPERSAND = "nothing runs in the background here; an address with & wants quotes around it";
const NO_FILES = "this page has no files to read or write: curl has -o /dev/null";

// A line that cannot be run; `isUnfinished` where more of it may still come.
export class ShellError extends Error {
  constructor(message, isUnfinished = false) {
    super(message);
    this.isUnfinished = isUnfinished;
  }
}

// Gives [{after, commands: [[word, …], …]}, …]: the commands of a pipe, and what stood before them:
// ";", "&&" or "||". Throws a ShellError.
export function split(line) {
  const pipes = [new Pipe(";")];
  for (const { groups } of pieces(line)) {
    const pipe = pipes.at(-1);
    const isLineEnd = groups.sign?.endsWith("\n");
    if (isLineEnd && pipe.isEmpty) continue;
    if (groups.sign === "|") pipe.next();
    else if (groups.sign) pipes.push(new Pipe(isLineEnd ? ";" : groups.sign));
    else pipe.take(groups);
  }
  const { after, commands, isEmpty } = pipes.at(-1);
  if (isEmpty && after === ";" && commands.length === 1) pipes.pop(); // nothing follows the last ;
  if (pipes.some((pipe) => pipe.isEmpty)) throw new ShellError("a command is missing");
  return pipes;
}

class Pipe {
  commands = [[]];
  #inWord = false;

  constructor(after) {
    this.after = after;
  }

  get isEmpty() {
    return this.commands.at(-1).length === 0;
  }

  next() {
    if (this.isEmpty) throw new ShellError("a command is missing");
    this.commands.push([]);
    this.#inWord = false;
  }

  // Pieces that stand together are one word.
  take({ gap, comment, single, double, escaped, plain }) {
    if (comment !== undefined) return;
    if (gap !== undefined) {
      this.#inWord = false;
      return;
    }
    const words = this.commands.at(-1);
    if (!this.#inWord) words.push("");
    this.#inWord = true;
    words.push(words.pop() + (single ?? escaped ?? plain ?? inDoubleQuotes(double)));
  }
}

function inDoubleQuotes(text) {
  return text.replace(/\\(["\\$`])|\\\r?\n/g, (all, escaped = "") => escaped);
}

function* pieces(line) {
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < line.length) {
    const at = PIECE.lastIndex;
    const piece = PIECE.exec(line);
    if (!piece) throw trouble(line[at]);
    yield piece;
  }
}

function trouble(sign) {
  if (sign === "&") return new ShellError(AMPERSAND);
  if (sign === "<" || sign === ">") return new ShellError(NO_FILES);
  const what = sign === "\\" ? "after the \\ something is missing" : `the ${sign} is not closed`;
  return new ShellError(what, true);
}
