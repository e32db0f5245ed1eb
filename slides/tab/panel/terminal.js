// The terminal line of a panel: curl and a few other programs, against the panel's own host.

import { CookieJar } from "../net/cookies.js";
import { run } from "../net/shell.js";
import { append } from "./log.js";

const MOST = 200_000; // characters that stay in view

export class Terminal {
  #host;
  #output;
  #input;
  #history = [];
  #at = 0;
  #abort = null; // while a command runs
  #running = null; // resolves when it has ended
  #lines = null; // where what is typed goes meanwhile
  #jar = new CookieJar();
  #decoder = new TextDecoder();

  constructor(element, { host, tries }) {
    this.#host = host;
    this.#output = element.querySelector("output");
    this.#input = element.querySelector("input");
    this.#offer(element.querySelector(".tries"), tries);
    element.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.enter(this.#input.value);
    });
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
  }

  async enter(line) {
    this.#input.value = "";
    // After Ctrl-C a line is for what comes next, though the command may take a moment to end.
    if (this.#abort?.signal.aborted) await this.#running;
    if (this.#lines) {
      this.#lines.enqueue(line);
      this.#print(`${line}\n`);
      return;
    }
    if (!line.trim()) return;
    this.#history = [...this.#history.filter((each) => each !== line), line];
    this.#at = this.#history.length;
    this.#print(`$ ${line}\n`, "command");
    this.#running = this.#run(line);
    await this.#running;
  }

  interrupt() {
    this.#abort?.abort();
  }

  async #run(line) {
    this.#abort = new AbortController();
    const input = new ReadableStream({ start: (controller) => void (this.#lines = controller) });
    try {
      await run(line, {
        connect: (hostname, port) => this.#host.connect(port),
        write: (data) => this.#print(this.#text(data)),
        clear: () => this.#output.replaceChildren(),
        jar: this.#jar,
        signal: this.#abort.signal,
        input,
      });
    } finally {
      this.#abort = this.#lines = null;
      if (this.#output.textContent && !this.#output.textContent.endsWith("\n")) this.#print("\n");
    }
  }

  #text(data) {
    return typeof data === "string" ? data : this.#decoder.decode(data, { stream: true });
  }

  #print(text, kind = "") {
    const part = document.createElement("span");
    part.className = kind;
    append(part, text);
    this.#output.append(part);
    while (this.#output.textContent.length > MOST) this.#output.firstChild.remove();
    this.#output.scrollTop = this.#output.scrollHeight;
  }

  #pressed(event) {
    if (event.key === "c" && event.ctrlKey && !String(getSelection())) {
      event.preventDefault();
      if (this.#abort) this.#print("^C\n");
      this.interrupt();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      this.#recall(event.key === "ArrowUp" ? -1 : 1);
    }
  }

  #recall(step) {
    this.#at = Math.max(0, Math.min(this.#history.length, this.#at + step));
    this.#input.value = this.#history[this.#at] ?? "";
  }

  #offer(list, tries) {
    for (const line of tries) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = line;
      button.addEventListener("click", () => this.enter(line));
      list.append(button);
    }
  }
}
