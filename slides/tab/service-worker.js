// Leads the requests of a program's page to the program. It remembers nothing, since browsers stop
// and start it as they like: an address says which window runs the program, on which of the
// window's hosts, and on which port: <deck>/live/<window>/<host>/<port>/<path>.

const SCOPE = new URL(registration.scope).pathname;
const LIVE = new RegExp(`^${SCOPE}live/([\\w-]+)/([\\w-]+)/(\\d+)(/.*)?$`);
const SHIM = `${SCOPE}assets/tab/frame.js`;
const LOCAL = ["localhost", "127.0.0.1"];
const WITHOUT_BODY = ["GET", "HEAD"];
const EMPTY = [101, 204, 205, 304]; // statuses whose response may have no body

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("message", (event) => {
  const { data, ports, source } = event;
  if (data.ask === "window") ports[0].postMessage(source.id);
  else if (data.to) event.waitUntil(forward(data, ports));
});

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const target = targetOf(url, event.request);
  if (!target) return;
  const elsewhere = url.origin !== location.origin || !LIVE.test(url.pathname);
  if (target.path === "" || (elsewhere && event.request.mode === "navigate")) {
    const address = target.prefix + (target.path || `/${url.search}`);
    event.respondWith(Response.redirect(address, 307));
  } else {
    event.respondWith(relay(event.request, target));
  }
});

async function forward({ to, message }, ports) {
  const owner = await clients.get(to);
  owner?.postMessage(message, [...ports]);
}

// Whom a request is for, or null where it is none of a program's page.
function targetOf(url, request) {
  const direct = url.origin === location.origin && LIVE.exec(url.pathname);
  if (direct) return target(direct, direct[4] === undefined ? "" : direct[4] + url.search);
  const from = request.referrer && LIVE.exec(new URL(request.referrer).pathname);
  if (!from || url.pathname === SHIM) return null;
  const path = url.pathname + url.search;
  if (url.origin === location.origin) return target(from, path);
  if (!LOCAL.includes(url.hostname) || !url.port) return null;
  return target([, from[1], from[2], url.port], path);
}

function target([, owner, host, port], path) {
  return { owner, host, port: Number(port), path, prefix: `${SCOPE}live/${owner}/${host}/${port}` };
}

async function relay(request, { owner, ...target }) {
  const page = await clients.get(owner);
  if (!page) return gone();
  const body = WITHOUT_BODY.includes(request.method) ? null : await request.arrayBuffer();
  const { port1, port2 } = new MessageChannel();
  const answer = new Answer(port1, request.method === "HEAD");
  request.signal.addEventListener("abort", () => answer.cancel());
  const { method, mode } = request;
  const facts = { method, headers: [...request.headers], body, isPage: mode === "navigate" };
  page.postMessage({ tab: "request", ...target, ...facts }, body ? [port2, body] : [port2]);
  return answer.response;
}

function gone() {
  const text = `<!doctype html><title>Ended</title><link rel="icon" href="data:,">
<p>The page that ran this program was closed.</p>`;
  return new Response(text, { status: 410, headers: { "Content-Type": "text/html" } });
}

// What the page answers, piece by piece: each piece is asked for when the reader has room for it.
class Answer {
  #port;
  #isHead;
  #piece; // settles the piece that was asked for

  constructor(port, isHead) {
    this.#port = port;
    this.#isHead = isHead;
    this.response = new Promise((resolve) => {
      port.onmessage = ({ data }) => this.#hear(data, resolve);
    });
  }

  cancel() {
    this.#port.postMessage({ cancel: true });
    this.#port.close();
  }

  #hear(data, resolve) {
    if (data.head) resolve(this.#begin(data.head));
    else if (data.failed) resolve(Response.error());
    else this.#piece?.(data);
  }

  #begin({ status, reason, headers }) {
    const isEmpty = this.#isHead || EMPTY.includes(status);
    if (isEmpty) this.cancel();
    const facts = { status, statusText: reason, headers: new Headers(headers) };
    return new Response(isEmpty ? null : this.#stream(), facts);
  }

  #stream() {
    const pull = async (controller) => {
      const next = new Promise((resolve) => (this.#piece = resolve));
      this.#port.postMessage({ pull: true });
      const { bytes, lost } = await next;
      if (bytes) return controller.enqueue(bytes);
      this.#port.close();
      if (lost) controller.error(new TypeError(lost));
      else controller.close();
    };
    return new ReadableStream({ pull, cancel: () => this.cancel() }, { highWaterMark: 0 });
  }
}
