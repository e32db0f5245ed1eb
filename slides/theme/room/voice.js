// The sheet in which the audience speaks: polls, questions, the pace. What is said is shown as under
// way until the server has it, and said again when the connection was lost before that.

import { counted, make, uuid } from "./elements.js";
import { recall, remember } from "./memory.js";
import { card, wanted } from "./polls.js";

const KEY = "talk-said"; // what this tab voted and wanted, by poll and question
const LONGEST = 280;
const NAME = 40;
const WIDE = matchMedia("(min-width: 700px)");
const PACES = [
  ["slower", "Slower"],
  ["faster", "Faster"],
  ["confused", "I am lost"],
];

export class Voice {
  #outbox;
  #link;
  #polls = new Map();
  #questions = [];
  #said = { votes: {}, ups: {}, ...recall(KEY, {}) };
  #pace = ""; // said, and not counted yet
  #asking = "";

  constructor(link, outbox) {
    this.#link = link;
    this.#outbox = outbox;
    this.#build();
  }

  state({ polls, questions }) {
    this.#polls = new Map(polls.map((each) => [each.poll, each]));
    this.#drawPolls();
    this.questions(questions);
    this.#outbox.again();
    if (this.#pace) this.#link.send({ type: "pace", kind: this.#pace });
  }

  poll(poll) {
    this.#polls.set(poll.poll, poll);
    this.#drawPolls();
  }

  questions(questions) {
    this.#questions = questions;
    this.#drawQuestions();
  }

  // The pace has no key: being counted is its acknowledgement.
  pace(counts) {
    if (!this.#pace || !counts[this.#pace]) return;
    this.#pace = "";
    this.#tell("The speaker can see it.");
  }

  refused(key, why) {
    if (key) this.#outbox.answer(key, why);
    else this.#pace = "";
    this.#tell(why, true);
  }

  #build() {
    this.opener = make("button", { type: "button", className: "room-open", onclick: () => this.#toggle() });
    this.opener.setAttribute("aria-expanded", "false");
    this.words = make("textarea", { id: "room-words", rows: 3, maxLength: LONGEST, required: true });
    this.left = make("output", { className: "left", htmlFor: "room-words" });
    this.name = make("input", { id: "room-name", maxLength: NAME, autocomplete: "nickname" });
    this.send = make("button", { className: "main" }, "Ask");
    this.news = make("p", { className: "news" });
    this.news.setAttribute("role", "status");
    this.pollList = make("div", { className: "polls" });
    this.asked = make("ol", { className: "asked" });
    this.form = make(
      "form",
      { onsubmit: (event) => this.#ask(event) },
      make("label", { htmlFor: "room-words" }, "Your question"),
      this.words,
      make("label", { htmlFor: "room-name" }, "Name, if you like"),
      make("div", { className: "row" }, this.name, this.left, this.send),
    );
    this.words.addEventListener("input", () => this.#count());
    const paces = PACES.map(([kind, label]) =>
      make("button", { type: "button", onclick: () => this.#sayPace(kind) }, label),
    );
    const close = make("button", { type: "button", className: "close", onclick: () => this.sheet.close() }, "Close");
    this.title = make("h2", { id: "room-title", tabIndex: -1, autofocus: true }, "Ask and vote");
    const head = make("header", {}, this.title, close);
    const pace = make("div", { className: "paces" }, ...paces);
    pace.setAttribute("role", "group");
    pace.setAttribute("aria-label", "The pace of the talk");
    const body = make("div", { className: "body" }, this.pollList, pace, this.form, this.asked);
    this.sheet = make("dialog", { className: "room-sheet" }, head, body, this.news);
    this.sheet.setAttribute("aria-labelledby", "room-title");
    this.sheet.addEventListener("close", () => this.opener.setAttribute("aria-expanded", "false"));
    // The keys of the slides are letters, too.
    this.sheet.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.sheet.close();
    });
    this.#count();
    this.#drawPolls();
    document.body.append(this.sheet);
  }

  // Beside the slides where there is room for both, before them on a phone.
  #toggle() {
    if (this.sheet.open) return this.sheet.close();
    if (WIDE.matches) this.sheet.show();
    else this.sheet.showModal();
    this.opener.setAttribute("aria-expanded", "true");
  }

  #count() {
    const left = LONGEST - this.words.value.length;
    this.left.textContent = left > 60 ? "" : `${left} left`;
  }

  #ask(event) {
    event.preventDefault();
    const text = this.words.value.trim();
    if (!text || this.send.disabled) return;
    // The same words are the same question: one that was refused or cut off is not asked twice.
    this.#asking ||= uuid();
    const message = { type: "question", key: this.#asking, text };
    if (this.name.value.trim()) message.name = this.name.value.trim();
    this.send.disabled = true;
    this.words.readOnly = true;
    this.#tell(this.#link.isLive ? "Sending …" : "No connection; it is sent once there is one.");
    this.#outbox.say(this.#asking, message, (why) => {
      this.send.disabled = false;
      this.words.readOnly = false;
      if (why) return;
      this.#asking = "";
      this.words.value = "";
      this.#count();
      this.#tell("Your question is there.");
    });
  }

  #upvote(key) {
    this.#said.ups[key] = true;
    this.#drawQuestions();
    this.#outbox.say(key, { type: "upvote", question: key }, (why) => {
      if (why) delete this.#said.ups[key];
      remember(KEY, this.#said);
      this.#drawQuestions();
    });
  }

  #vote({ poll, choices }, choice) {
    // By its words, as the server keeps it: the poll may be asked again with others.
    const before = this.#said.votes[poll];
    this.#said.votes[poll] = choices[choice];
    this.#outbox.say(poll, { type: "vote", poll, choice }, (why) => {
      if (why) this.#said.votes[poll] = before;
      remember(KEY, this.#said);
      this.#drawPolls();
    });
    this.#drawPolls();
  }

  #sayPace(kind) {
    this.#pace = kind;
    const sent = this.#link.send({ type: "pace", kind });
    this.#tell(sent ? "Sending …" : "No connection; it is sent once there is one.");
  }

  #drawPolls() {
    const polls = wanted([...this.#polls.values()]);
    const cards = polls.map((poll) => {
      const mine = poll.choices.indexOf(this.#said.votes[poll.poll]);
      const isUnheard = this.#outbox.has(poll.poll);
      return card(poll, mine < 0 ? undefined : mine, isUnheard, (choice) => this.#vote(poll, choice));
    });
    keepingFocus(this.pollList, () => this.pollList.replaceChildren(...cards));
    const isWaiting = polls.some(({ poll, state }) => state === "open" && !(poll in this.#said.votes));
    this.opener.textContent = isWaiting ? "Vote now" : "Ask and vote";
    this.opener.classList.toggle("calling", isWaiting);
  }

  #drawQuestions() {
    const items = this.#questions.map((each) => this.#question(each));
    keepingFocus(this.asked, () => this.asked.replaceChildren(...items));
  }

  #question({ key, text, name, votes, state }) {
    const isMine = key in this.#said.ups;
    const up = make("button", { type: "button", className: "up", onclick: () => isMine || this.#upvote(key) });
    up.append(make("span", { aria: { hidden: true } }, "▲ "), String(votes));
    up.dataset.key = key;
    up.setAttribute("aria-pressed", String(isMine));
    up.setAttribute("aria-label", `I want this answered, too: ${counted(votes, "other")} so far`);
    const about = [name, state === "answered" ? "answered" : ""].filter(Boolean).join(" · ");
    const words = make("div", {}, make("p", { className: "words" }, text));
    if (about) words.append(make("p", { className: "fact" }, about));
    return make("li", { className: state }, up, words);
  }

  #tell(words, isBad = false) {
    this.news.textContent = words;
    this.news.classList.toggle("bad", isBad);
  }
}

// A list that is drawn anew leaves the keyboard where it was.
function keepingFocus(list, draw) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  draw();
  if (key) [...list.querySelectorAll("button")].find(({ dataset }) => dataset.key === key)?.focus();
}
