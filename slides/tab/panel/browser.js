// The page that a program serves, in a frame with an address bar.

import { placeOf } from "../gateway.js";

const TEMPLATE = `
<form class="place">
  <button type="button" data-does="back" aria-label="Back">←</button>
  <button type="button" data-does="reload" aria-label="Load again">↻</button>
  <input type="text" inputmode="url" spellcheck="false" autocapitalize="off" aria-label="Address">
</form>
<iframe title=""></iframe>`;
const LOCAL = /^(?:https?:\/\/)?(?:localhost|127\.0\.0\.1)?(?::(\d+))?(\/.*)?$/;

export class Browser {
  #host;
  #port;
  #opened = null; // what was asked for last

  // `isBare`: a page that cannot be looked into has no style of its own; `onLoad` is called when a page
  // has come.
  constructor(element, { host, port, name, number, isBare, onLoad }) {
    this.#host = host;
    this.isBare = isBare;
    this.#port = port;
    element.innerHTML = TEMPLATE;
    this.element = element;
    this.frame = element.querySelector("iframe");
    this.input = element.querySelector("input");
    this.frame.title = `The page of ${name}${number > 1 ? `, client ${number}` : ""}`;
    this.frame.addEventListener("load", () => {
      this.#arrived();
      onLoad();
    });
    element.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#goTo(this.input.value.trim());
    });
    const act = { back: () => this.frame.contentWindow.history.back(), reload: () => this.reload() };
    for (const button of element.querySelectorAll("[data-does]")) {
      button.addEventListener("click", act[button.dataset.does]);
    }
    element.querySelector("[data-does=back]").hidden = host.isReal; // where only its own page may go
  }

  open(path, port = this.#port) {
    this.input.value = `http://localhost:${port}${path}`;
    this.frame.src = this.#host.urlOf(port, path);
    this.#opened = { port, path };
  }

  // The program's page, where this page may read it; or null.
  get document() {
    return this.#place() && this.frame.contentDocument;
  }

  reload() {
    const place = this.#place() ?? this.#opened;
    this.open(place?.path ?? "/", place?.port);
  }

  close() {
    this.frame.src = "about:blank";
  }

  #goTo(text) {
    const [, port, path = "/"] = LOCAL.exec(text) ?? [];
    if (LOCAL.test(text)) this.open(path, port ? Number(port) : this.#port);
    else this.#arrived(); // the only machine there is is the tab's own
  }

  #place() {
    try {
      return placeOf(this.frame.contentWindow.location.href);
    } catch {
      return null;
    }
  }

  #arrived() {
    const place = this.#place();
    this.frame.classList.toggle("bare", this.isBare);
    if (!place) return;
    this.input.value = `http://localhost:${place.port}${place.path}`;
    const page = this.frame.contentDocument;
    const isBare = page && !page.querySelector("style, link[rel~=stylesheet], [style]");
    this.frame.classList.toggle("bare", Boolean(isBare));
  }
}
