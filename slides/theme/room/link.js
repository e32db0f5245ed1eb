// The way to the server of the room: found once, lost within seconds, and found again by itself.

const SILENCE = 5000; // ms; the server gives a sign of life every 2 s
const FIRST = 300; // ms before a new attempt, at most; each may take twice as long as the last
const LONGEST = 5000;

// The address of the room, and whether this page is the speaker's; or null: a deck is read from a
// disk or a plain server, too.
export async function findRoom() {
  if (!location.protocol.startsWith("http")) return null;
  try {
    const answer = await fetch("room.json", { cache: "no-store" });
    const { room, speaker = false } = answer.ok ? await answer.json() : {};
    return typeof room === "string" ? { url: socketAt(room), isSpeaker: speaker } : null;
  } catch {
    return null;
  }
}

// A websocket's address, by its path beside the page's own.
export function socketAt(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  return url;
}

export class Link {
  #url;
  #socket = null;
  #attempts = 0;
  #silence = 0;
  #retry = 0;
  #version = 0;
  isLive = false;

  // `hear` is called with each message, `change` with whether it is live.
  constructor(url, { hear, change }) {
    this.#url = url;
    this.hear = hear;
    this.change = change;
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#lose());
    // A phone that was put away comes back with a socket that may be dead, and timers that slept.
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    // A page that the browser keeps for its back button must not hold a connection.
    addEventListener("pagehide", () => this.#drop());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#hurry());
    this.#open();
  }

  // False when nobody can hear it now. What is sent may still be lost: see `Outbox`.
  send(message) {
    if (!this.isLive) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #open() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#listen();
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = () => this.#lose();
  }

  #hear(message) {
    this.#listen();
    const { type, version = 0 } = message;
    if (type === "state") {
      this.#version = version;
      this.#attempts = 0;
      this.#become(true);
    } else if (type === "here" && version > this.#version) this.send({ type: "hello" });
    else this.#version = Math.max(this.#version, version);
    this.hear(message);
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(), SILENCE);
  }

  #drop() {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close(); // a connection that was cut closes when it can; nobody waits for it
  }

  #lose() {
    this.#drop();
    this.#become(false);
    // A room full of pages must not come back in one moment: each waits its own share of the time.
    const most = Math.min(LONGEST, FIRST * 2 ** this.#attempts++);
    this.#retry = setTimeout(() => this.#open(), most * (0.5 + Math.random() / 2));
  }

  #hurry() {
    if (this.#socket) return;
    this.#attempts = 0;
    this.#open();
  }

  #become(isLive) {
    if (this.isLive === isLive) return;
    this.isLive = isLive;
    this.change(isLive);
  }
}

// What was said and not acknowledged yet: it is said again, with the same key, on a new connection.
export class Outbox {
  #waiting = new Map(); // by key: the message, how many answers are due, whom to tell
  #link;

  constructor(link) {
    this.#link = link;
  }

  // `done` is called with "" once the server has it, or with the reason why it does not take it.
  say(key, message, done) {
    const due = this.#waiting.get(key)?.due ?? 0;
    const sent = this.#link.send(message);
    this.#waiting.set(key, { message, due: due + Number(sent), done });
  }

  again() {
    for (const each of this.#waiting.values()) each.due = Number(this.#link.send(each.message));
  }

  answer(key, why = "") {
    const each = this.#waiting.get(key);
    if (!each || --each.due > 0) return; // a later one with this key is under way
    this.#waiting.delete(key);
    each.done(why);
  }

  has(key) {
    return this.#waiting.has(key);
  }
}
