// Finds, in what a program writes to standard error, the lines of its own files that a traceback
// or a syntax error is about.

const PLACE = /^\s*File "(?:.*\/)?(demos\/[^"]+)", line (\d+)/; // under whatever folder
const MESSAGE = /^(?:\w+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit)\b.*$/;

export class Problems {
  #line = "";
  #place = null;
  found = []; // { file, line, message }, the newest last

  // Takes text as it comes; gives whether a problem has become known.
  read(text) {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop();
    const before = this.found.length;
    for (const line of lines) this.#take(line);
    return this.found.length > before;
  }

  #take(line) {
    const place = PLACE.exec(line);
    if (place) {
      if (place[1].startsWith("demos/")) this.#place = { file: place[1], line: Number(place[2]) };
    } else if (this.#place && MESSAGE.test(line)) {
      this.found.push({ ...this.#place, message: line });
      this.#place = null;
    }
  }
}
