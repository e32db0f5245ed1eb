// The audience's address as a QR code, over whatever is shown.

import { make } from "../elements.js";

const LOCAL = "Only this machine can open it. Start the server with --address 0.0.0.0 to let the room in.";

export class Code {
  #base;
  #picture = make("img", { alt: "QR code of the audience's address", width: 320, height: 320 });
  #address = make("p", { className: "address" });
  #hint = make("p", { className: "hint", hidden: true }, LOCAL);

  // `base` is the way to the speaker's folder.
  constructor(base) {
    this.#base = base;
    const close = make("button", { type: "button", onclick: () => this.dialog.close() }, "Close");
    const parts = [this.#picture, this.#address, this.#hint, close];
    this.dialog = make("dialog", { className: "code", aria: { label: "The audience's address" } }, ...parts);
    // The keys of the slides are not for what lies over them; its own closes it again. Until the next
    // frame is painted, keys still come to a dialog that was closed.
    this.dialog.addEventListener("keydown", (event) => {
      if (!this.dialog.open) return;
      event.stopPropagation();
      if (event.key.toLowerCase() === "q" && !event.repeat) this.dialog.close();
    });
    document.body.append(this.dialog);
  }

  async toggle() {
    if (this.dialog.open) return this.dialog.close();
    this.dialog.showModal();
    try {
      const { address, open } = await (await fetch(`${this.#base}audience.json`)).json();
      this.#picture.src = `${this.#base}code.svg`;
      this.#address.textContent = address;
      this.#hint.hidden = open;
    } catch {
      this.#address.textContent = "The server does not answer; try again in a moment.";
    }
  }
}
