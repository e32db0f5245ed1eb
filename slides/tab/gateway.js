// Answers what the frames of this window ask: the service worker posts their requests here, and
// the host they are for answers them.

import { ConnectionRefused } from "./connection.js";
import { CookieJar } from "./net/cookies.js";
import { request } from "./net/http.js";
import { openWebSocket } from "./net/websocket.js";
import { refusal, returned, withShim } from "./pages.js";
import { runtime } from "./workers.js";

const HOST = "localhost";
const CANNOT = "this browser keeps no service worker for this page";
// A header that belongs to the hop, or that the browser wrote for the address of the deck.
const DROPPED = new Set(
  "accept-encoding connection content-length cookie host keep-alive origin referer te trailer transfer-encoding upgrade upgrade-insecure-requests x-tab-request".split(" "),
);
const BAD_GATEWAY = 502;

const MARK = "x-tab-request"; // what frame.js numbers its requests with

const hosts = new Map(); // name → { host, jar }
const waiting = new Map(); // the mark of a request that has no answer yet → its AbortController
let opening = null;
let live = ""; // the address under which this window's frames are

// Registers the service worker; rejects with the reason where there can be none.
export function openGateway() {
  opening ??= open().catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

export function addHost(host) {
  hosts.set(host.name, { host, jar: new CookieJar() });
}

export function removeHost(host) {
  hosts.delete(host.name);
}

// The address of a program's page for a frame in this window.
export function addressOf(host, port, path) {
  if (!live) throw new Error("the gateway is not open yet");
  return `${live}${host.name}/${port}${path}`;
}

// The other way round: { host, port, path } of a frame's address, or null.
export function placeOf(address) {
  if (!live || !address.startsWith(live)) return null;
  const [, host, port, path] = /^([\w-]+)\/(\d+)(.*)$/s.exec(address.slice(live.length)) ?? [];
  return host ? { host, port: Number(port), path: path || "/" } : null;
}

async function open() {
  if (!navigator.serviceWorker) throw new Error(CANNOT);
  const deck = new URL("../../", runtime.base);
  const url = new URL("service-worker.js", deck);
  const registration = await navigator.serviceWorker.register(url, { scope: deck.pathname });
  const worker = await activated(registration);
  navigator.serviceWorker.addEventListener("message", ({ data, ports }) => hear(data, ports[0]));
  navigator.serviceWorker.startMessages();
  live = new URL(`live/${await windowId(worker)}/`, deck).href;
}

function activated(registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (!worker) throw new Error(CANNOT);
  return new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === "activated") resolve(worker);
      else if (worker.state === "redundant") reject(new Error(CANNOT));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

function windowId(worker) {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ ask: "window" }, [port2]);
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
}

function hear(message, port) {
  if (message.tab === "request") answer(message, port);
  else if (message.tab === "websocket") bridge(message, port);
  else if (message.tab === "hang-up") waiting.get(message.id)?.abort();
  else if (message.tab === "cookie") keepCookie(message);
}

function keepCookie({ host, cookie, path }) {
  hosts.get(host)?.jar.set(cookie, HOST, path, { byScript: true });
}

async function answer(asked, port) {
  const { host: name, port: number, path, method, headers, body, prefix, isPage } = asked;
  const abort = new AbortController();
  const mark = headers.find(([name]) => name === MARK)?.[1];
  port.onmessage = ({ data }) => data.cancel && abort.abort();
  waiting.set(mark, abort);
  const { host, jar } = hosts.get(name) ?? {};
  try {
    if (!host) throw new ConnectionRefused(`no host ${name}`);
    const sent = forwarded(headers, { number, method, cookies: jar.header(HOST, path) });
    const content = body && new Uint8Array(body);
    const options = { method, path, headers: sent, body: content, signal: abort.signal };
    const begun = performance.now();
    const response = await request(host.connect(number), options);
    const facts = { method, port: number, path, status: response.status };
    tellOf(host, { ...facts, ms: performance.now() - begun });
    const { head, isHtml } = returned(response, { jar, path, prefix });
    port.postMessage({ head });
    const shim = isPage && isHtml ? { src: new URL("frame.js", runtime.base).pathname, jar, path } : null;
    give(withShim(response.body, shim), port, abort);
  } catch (error) {
    if (abort.signal.aborted) port.postMessage({ failed: true });
    else give(refuse(error, number, port), port, abort);
  } finally {
    waiting.delete(mark);
  }
}

function tellOf(host, exchange) {
  host.dispatchEvent(Object.assign(new Event("exchange"), exchange));
}

function refuse(error, number, port) {
  const headers = [["Content-Type", "text/html; charset=utf-8"]];
  port.postMessage({ head: { status: BAD_GATEWAY, reason: "Bad Gateway", headers } });
  return new Response(refusal(error, number)).body;
}

// Passes a body on, a piece for each that is asked for.
function give(body, port, abort) {
  const reader = body.getReader();
  port.onmessage = async ({ data }) => {
    if (data.cancel) {
      abort.abort();
      reader.cancel().catch(() => {});
      return;
    }
    try {
      const { done, value } = await reader.read();
      if (done) port.postMessage({ end: true });
      else port.postMessage({ bytes: value });
    } catch (error) {
      port.postMessage({ lost: error.message });
    }
  };
}

function forwarded(headers, { number, method, cookies }) {
  const sent = headers.filter(([name]) => !DROPPED.has(name.toLowerCase()));
  sent.unshift(["Host", `${HOST}:${number}`]);
  if (method !== "GET" && method !== "HEAD") sent.push(["Origin", `http://${HOST}:${number}`]);
  if (cookies) sent.push(["Cookie", cookies]);
  return sent;
}

async function bridge({ host: name, port: number, path, protocols }, port) {
  const abort = new AbortController();
  const early = []; // said before the socket is open: only that it need not be
  port.onmessage = ({ data }) => (data.close ? abort.abort() : early.push(data));
  const { host, jar } = hosts.get(name) ?? {};
  try {
    if (!host) throw new ConnectionRefused(`no host ${name}`);
    const headers = [["Origin", `http://${HOST}:${number}`]];
    if (jar.header(HOST, path)) headers.push(["Cookie", jar.header(HOST, path)]);
    const options = { path, host: `${HOST}:${number}`, headers, protocols, signal: abort.signal };
    const socket = await openWebSocket(host.connect(number), options);
    port.postMessage({ open: { protocol: socket.protocol } });
    port.onmessage = ({ data }) => tell(socket, data);
    for (const each of early) tell(socket, each);
    await passOn(socket.readable, port);
    const { code, reason } = await socket.closed;
    port.postMessage({ closed: { code, reason } });
  } catch (error) {
    error.body?.cancel(); // of an answer that was no websocket
    port.postMessage({ failed: error.message });
  }
}

async function passOn(messages, port) {
  const reader = messages.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    port.postMessage({ message: value });
  }
}

function tell(socket, { message, close }) {
  if (close) socket.close(close.code, close.reason);
  else socket.send(message);
}
