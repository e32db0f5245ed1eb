// What the audience says: questions, pace, votes. All of it is text, never markup.

import { counted, make } from "../elements.js";

const byId = (id) => document.getElementById(id);

const PACES = [
  ["faster", "Faster"],
  ["slower", "Slower"],
  ["confused", "Lost"],
];

export function showHere(count) {
  byId("here").textContent = count === null ? "" : `${count} here`;
}

export function showPace(pace, here) {
  const rows = PACES.map(([kind, label]) => {
    const value = pace[kind] ?? 0;
    const row = make("div", { className: kind });
    const bar = make("span", { className: "bar" });
    // A third of the room is as much as anybody needs to see.
    bar.style.setProperty("--share", Math.min(1, value / Math.max(3, here / 3)).toFixed(3));
    const number = make("dd", {}, bar, make("span", { textContent: String(Math.round(value)) }));
    row.append(make("dt", { textContent: label }), number);
    return row;
  });
  byId("pace").replaceChildren(...rows);
}

// `mark` is called with a question's key and its new state.
export function showQuestions(questions, mark) {
  const open = questions.filter(({ state }) => state === "open").length;
  for (const id of ["asked-count", "tab-count"]) byId(id).textContent = open || "";
  const items = questions.map((each) => question(each, mark));
  const nothing = make("li", { className: "nothing", textContent: "Nobody has asked yet." });
  keepingFocus(byId("asked"), () => byId("asked").replaceChildren(...(items.length ? items : [nothing])));
}

function question({ key, text, name, votes, state }, mark) {
  const item = make("li", { className: state });
  const said = make("p", { className: "words", textContent: text });
  const about = [votes ? `${votes} more want this` : "", name, state === "open" ? "" : state];
  const line = make("p", { className: "about", textContent: about.filter(Boolean).join(" · ") });
  const button = (label, to) => action(label, `${key} ${to}`, () => mark(key, to));
  const actions =
    state === "open"
      ? [button("Answered", "answered"), button("Hide", "hidden")]
      : [button("Open again", "open")];
  item.append(said, line, make("div", { className: "actions" }, ...actions));
  return item;
}

const STATES = [
  ["open", "Open"],
  ["closed", "Close"],
  ["shown", "Show"],
];

// The poll of this slide, if it has one, and those that are open still. `move` is called with a poll
// and its new state.
export function showPolls(own, polls, move) {
  const asked = polls.get(own?.poll);
  const others = [...polls.values()].filter((each) => each.state === "open" && each.poll !== own?.poll);
  // The slide's own words, should the deck have been built again since the poll was asked.
  const first = own ? [{ state: null, counts: null, votes: 0, ...asked, ...own }] : [];
  const cards = [...first, ...others].map((each) => pollCard(each, move));
  const nothing = make("p", { className: "nothing", textContent: "This slide has no poll." });
  keepingFocus(byId("polls"), () => byId("polls").replaceChildren(...(cards.length ? cards : [nothing])));
}

function pollCard(poll, move) {
  const { question, choices, counts, votes, state, answer } = poll;
  const most = Math.max(1, ...(counts ?? []));
  const rows = choices.map((choice, place) => {
    const count = counts?.[place] ?? 0;
    const row = make("li", { className: place === answer ? "answer" : "" });
    row.style.setProperty("--share", (count / most).toFixed(3));
    row.append(make("span", { textContent: choice }), make("b", { textContent: state ? String(count) : "" }));
    if (place === answer) row.firstChild.title = "The answer";
    return row;
  });
  const buttons = STATES.map(([to, label]) => {
    const button = action(label, `${poll.poll} ${to}`, () => move(poll, to));
    button.setAttribute("aria-pressed", String(state === to));
    return button;
  });
  const told = state ? counted(votes, "vote") : "not asked yet";
  return make(
    "article",
    { className: "poll" },
    make("p", { className: "words", textContent: question }),
    make("ol", {}, ...rows),
    make("div", { className: "actions" }, ...buttons, make("span", { className: "about", textContent: told })),
  );
}

// A list that is drawn anew leaves the keyboard where it was.
function keepingFocus(list, draw) {
  const name = list.contains(document.activeElement) && document.activeElement.dataset.key;
  draw();
  if (name) [...list.querySelectorAll("button")].find(({ dataset }) => dataset.key === name)?.focus();
}

function action(label, key, act) {
  const button = make("button", { type: "button", textContent: label, data: { key } });
  button.addEventListener("click", act);
  return button;
}
