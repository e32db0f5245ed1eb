// The polls in the sheet: choose, wait, and see what all have chosen.

import { counted, make } from "./elements.js";

const RANK = { open: 0, shown: 1, closed: 1 };
const PAST = 3; // polls that are over and still there to look at

export function wanted(polls) {
  const over = polls.filter(({ state }) => state !== "open").slice(-PAST).reverse();
  return [...polls.filter(({ state }) => state === "open"), ...over].sort((a, b) => RANK[a.state] - RANK[b.state]);
}

// `mine` is the reader's own choice; `isUnheard`: the server has not confirmed it; `vote(choice)`.
export function card(poll, mine, isUnheard, vote) {
  const { question, choices, state } = poll;
  const body = state === "shown" ? chart(poll, mine) : buttons(poll, mine, vote);
  const group = make("section", { className: `poll ${state}` }, make("h3", {}, question), body);
  group.append(make("p", { className: "fact" }, told(poll, choices[mine], isUnheard)));
  return group;
}

function told({ state, votes, answer, choices }, mine, isUnheard) {
  const count = counted(votes, "vote");
  if (state === "shown") {
    if (mine === undefined || answer == null) return count;
    return `${count}. You were ${choices[answer] === mine ? "right" : "wrong"}.`;
  }
  if (state === "closed") return `${count}. Voting is over; wait for the result.`;
  if (mine === undefined) return `${count} so far. What is your guess?`;
  return isUnheard ? "Sending your vote …" : `Your vote counts. ${count} so far; the result comes later.`;
}

function buttons({ poll, choices, state }, mine, vote) {
  const items = choices.map((choice, place) => {
    const isMine = place === mine;
    const button = make("button", { type: "button", disabled: state !== "open", onclick: () => vote(place) }, choice);
    button.dataset.key = `${poll} ${place}`;
    button.setAttribute("aria-pressed", String(isMine));
    return make("li", {}, button);
  });
  return make("ol", { className: "choices" }, ...items);
}

function chart({ choices, counts, votes, answer }, mine) {
  const rows = choices.map((choice, place) => {
    const share = votes ? counts[place] / votes : 0;
    const label = make("span", { className: "choice" }, choice);
    if (place === answer) label.append(" ", make("b", { className: "right" }, "✓ the answer"));
    if (place === mine) label.append(" ", make("b", {}, "your vote"));
    const number = make("span", { className: "number" }, `${counts[place]} · ${Math.round(share * 100)} %`);
    const row = make("li", { className: place === answer ? "answer" : "" }, label, number);
    row.append(make("span", { className: "length" }));
    row.style.setProperty("--share", share.toFixed(3));
    return row;
  });
  return make("ol", { className: "chart" }, ...rows);
}
