// What the reader changed in a program, kept in the browser until it is reset.

export class Edits {
  #key;
  #texts;

  constructor(name, originals) {
    this.#key = `edits:${name}`;
    this.originals = originals; // file name → text
    this.#texts = new Map();
    try {
      const kept = Object.entries(JSON.parse(localStorage.getItem(this.#key) ?? "{}"));
      for (const [file, text] of kept) if (file in originals) this.#texts.set(file, text);
    } catch {
      // Nothing kept, or nothing that can be read: the originals are there.
    }
  }

  get(file) {
    return this.#texts.get(file) ?? this.originals[file];
  }

  set(file, text) {
    if (text === this.originals[file]) this.#texts.delete(file);
    else this.#texts.set(file, text);
    this.#keep();
  }

  clear() {
    this.#texts.clear();
    this.#keep();
  }

  get areThere() {
    return this.#texts.size > 0;
  }

  // The changed files only.
  get changed() {
    return Object.fromEntries(this.#texts);
  }

  #keep() {
    try {
      if (this.areThere) localStorage.setItem(this.#key, JSON.stringify(this.changed));
      else localStorage.removeItem(this.#key);
    } catch {
      // A full or forbidden store: the edits last as long as the page.
    }
  }
}
