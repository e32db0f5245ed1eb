// The live panel: the application's page, its log and the lag strip, fed by the kernel over one websocket.
"use strict";

const GONE_AFTER = 3000; // milliseconds without a connection until the kernel counts as gone
const RETRY = 500; // milliseconds
const KEPT_LINES = 200;
const COVERS = {
  stopped: "Stopped",
  replaced: "Replaced by a newer server",
  gone: "The kernel is gone",
};

document.documentElement.dataset.theme = new URLSearchParams(location.search).get("theme") ?? "light";

const byId = (id) => document.getElementById(id);
const strip = new LagStrip({
  chart: byId("chart"),
  canvas: byId("canvas"),
  reading: byId("lag"),
  said: byId("said"),
});

let socket = null;
let url = null; // the application's real address, ending in a slash
let state = "connecting";
let lastTime = ""; // a time of day is shown once, not on each line of that second
let lostAt = performance.now();

function pageUrl() {
  return url + byId("path").value.trim().replace(/^\/+/, "");
}

function load() {
  if (url === null || state !== "running") return;
  byId("open").href = pageUrl();
  byId("page").src = pageUrl();
}

function setState(next) {
  state = next;
  document.body.dataset.state = next;
  byId("state").textContent = { gone: "kernel gone", connecting: "reconnecting" }[next] ?? next;
  const cover = COVERS[next];
  byId("cover").hidden = !cover;
  byId("cover").textContent = cover ?? "";
  byId("switch").textContent = next === "stopped" ? "Start" : "Stop";
  byId("switch").disabled = next !== "running" && next !== "stopped";
  byId("reload").disabled = next !== "running";
}

function showServer(server) {
  const isNews = server.url !== url || state === "stopped";
  if (url === null) byId("path").value = server.path;
  url = server.url;
  byId("name").textContent = server.name ?? "";
  byId("origin").textContent = server.url;
  byId("page").classList.toggle("bare", server.bare);
  byId("address").title = server.note;
  byId("address").classList.toggle("moved", server.note !== "");
  setState(server.state);
  if (isNews) load();
}

function addLines(lines) {
  const log = byId("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const line of lines) addLine(log, line);
  while (log.children.length > KEPT_LINES) log.firstChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

// A page that asks again and again is one line with a count, or it would sweep the rest away.
function addLine(log, line) {
  const text = line.text.trim();
  const request = line.kind === "request" ? text.replace(/ [\d.]+ m?s$/, "") : null;
  if (request !== null && log.lastChild?.dataset.request === request) {
    const again = log.lastChild;
    again.dataset.count = Number(again.dataset.count) + 1;
    again.lastChild.textContent = `${request} ×${again.dataset.count}`;
    return;
  }
  const item = document.createElement("li");
  item.className = line.kind;
  if (request !== null) Object.assign(item.dataset, { request, count: 1 });
  const time = document.createElement("time");
  time.textContent = line.time === lastTime ? "" : line.time;
  lastTime = line.time;
  const said = document.createElement("span");
  said.textContent = text;
  item.append(time, said);
  log.append(item);
}

function receive(message) {
  if ("tick" in message) strip.tick(...message.tick);
  else if ("lines" in message) addLines(message.lines);
  else showServer(message);
}

function connect() {
  socket = new WebSocket(new URL("socket", location.href).href.replace(/^http/, "ws"));
  socket.onopen = () => {
    byId("log").replaceChildren(); // the kernel sends what it remembers
    lastTime = "";
    strip.connect();
  };
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  socket.onclose = () => {
    if (strip.isConnected) lostAt = performance.now();
    strip.disconnect();
    setState(performance.now() - lostAt > GONE_AFTER ? "gone" : "connecting");
    setTimeout(connect, RETRY);
  };
}

byId("address").addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
byId("path").addEventListener("input", () => {
  byId("open").href = url === null ? "" : pageUrl();
});
byId("reload").addEventListener("click", load);
byId("switch").addEventListener("click", () => socket.send(state === "stopped" ? "start" : "stop"));

// With the pointer off the panel, keys belong to the slides again: without this the Space that should
// walk on would press the page's button a second time.
document.documentElement.addEventListener("mouseleave", () => {
  document.activeElement?.blur();
  window.parent.focus();
});
connect();
