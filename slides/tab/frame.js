// Runs first in a page of a program: what would leave the tab stays with the program. The page's
// own scripts see the WebSocket, the cookies and the links they expect.

const PLACE = /^(.*\/live\/([\w-]+)\/([\w-]+)\/(\d+))(?:\/|$)/;
const [, prefix, owner, host, ownPort] = PLACE.exec(location.pathname) ?? [];
const LOCAL = ["localhost", "127.0.0.1"];
const CLOSED_EARLY = 1006;
const GOING_AWAY = 1001;

if (prefix && !window.liveInTab) {
  window.liveInTab = true;
  keepCookies(document.currentScript?.dataset.cookies ?? "");
  window.WebSocket = socketClass(window.WebSocket);
  window.fetch = fetchThatHangsUp(window.fetch);
  keepInside();
}

function tell(message, ports = []) {
  navigator.serviceWorker.controller?.postMessage({ to: owner, message: { host, ...message } }, ports);
}

// { port, path } of an address of this machine, or null.
function placeOf(url) {
  if (url.host === location.host) {
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : url.pathname;
    return { port: Number(ownPort), path: (path || "/") + url.search };
  }
  if (!LOCAL.includes(url.hostname)) return null;
  return { port: Number(url.port || 80), path: url.pathname + url.search };
}

// Browsers tell a service worker of an aborted request only once its answer has begun, which for a
// long poll is too late: the server would wait on for a client that is gone.
function fetchThatHangsUp(native) {
  return (input, init) => {
    const request = new Request(input, init);
    if (!placeOf(new URL(request.url))) return native(input, init);
    const id = crypto.randomUUID();
    const hangUp = () => tell({ tab: "hang-up", id });
    request.headers.set("X-Tab-Request", id);
    request.signal.addEventListener("abort", hangUp);
    addEventListener("pagehide", hangUp);
    return native(request).finally(() => removeEventListener("pagehide", hangUp));
  };
}

function socketClass(Native) {
  class WebSocket extends EventTarget {
    binaryType = "blob";
    bufferedAmount = 0;
    extensions = "";
    protocol = "";
    readyState = 0;
    #port;

    constructor(address, protocols = []) {
      const url = new URL(address, location.href);
      const place = placeOf(url);
      if (!place) return new Native(address, protocols); // which the page's policy refuses
      super();
      url.protocol = url.protocol.replace("http", "ws");
      this.url = url.href;
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = ({ data }) => this.#hear(data);
      tell({ tab: "websocket", ...place, protocols: [].concat(protocols) }, [port2]);
      addEventListener("pagehide", () => this.close(GOING_AWAY));
    }

    send(data) {
      if (this.readyState === 0) {
        throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
      }
      if (this.readyState > 1) return;
      if (data instanceof Blob) data.arrayBuffer().then((buffer) => this.send(buffer));
      else this.#port.postMessage({ message: typeof data === "string" ? data : bytesOf(data) });
    }

    close(code, reason = "") {
      if (code !== undefined && code !== GOING_AWAY && code !== 1000 && (code < 3000 || code > 4999)) {
        throw new DOMException(`The close code must be 1000 or 3000 to 4999, not ${code}.`, "InvalidAccessError");
      }
      if (this.readyState > 1) return;
      this.readyState = 2;
      this.#port.postMessage({ close: { code, reason } });
    }

    #hear({ open, message, closed, failed }) {
      if (open) {
        this.readyState = 1;
        this.protocol = open.protocol;
        this.#fire(new Event("open"));
      } else if (message !== undefined) this.#receive(message);
      else if (closed) this.#end(closed.code, closed.reason, closed.code !== CLOSED_EARLY);
      else if (failed !== undefined) {
        this.#fire(new Event("error"));
        this.#end(CLOSED_EARLY, "", false);
      }
    }

    #receive(message) {
      const binary = this.binaryType === "blob" ? (bytes) => new Blob([bytes]) : (bytes) => bytes.buffer;
      const data = typeof message === "string" ? message : binary(message);
      this.#fire(new MessageEvent("message", { data, origin: new URL(this.url).origin }));
    }

    #end(code, reason, wasClean) {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.#port.close();
      this.#fire(new CloseEvent("close", { code, reason, wasClean }));
    }

    #fire(event) {
      this[`on${event.type}`]?.(event);
      this.dispatchEvent(event);
    }
  }
  for (const [number, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
    WebSocket[name] = WebSocket.prototype[name] = number;
  }
  return WebSocket;
}

function bytesOf(data) {
  const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

// The browser keeps no cookies for a program: the tab does.
function keepCookies(text) {
  const cookies = new Map(text.split("; ").filter(Boolean).map(split));
  Object.defineProperty(Document.prototype, "cookie", {
    configurable: true,
    get: () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    set(cookie) {
      const [name, value] = split(String(cookie).split(";")[0].trim());
      if (/;\s*max-age=(0|-\d+)/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
      tell({ tab: "cookie", cookie: String(cookie), path: placeOf(location).path });
    },
  });
}

function split(cookie) {
  const at = cookie.indexOf("=");
  return at < 0 ? ["", cookie] : [cookie.slice(0, at), cookie.slice(at + 1)];
}

// Links and forms with an absolute path are meant for the program; others lead off the site, where
// a program in a tab does not go.
function keepInside() {
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    const address = insideAddress(link.href);
    if (address) link.href = address;
    else if (/^https?:/.test(link.href)) event.preventDefault();
  }, true);
  addEventListener("submit", (event) => {
    const from = event.submitter?.hasAttribute("formaction") ? event.submitter : event.target;
    const name = from === event.target ? "action" : "formaction";
    const address = insideAddress(from.getAttribute(name) || location.href);
    if (address) from.setAttribute(name, address);
    else event.preventDefault();
  }, true);
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (state, title, url) {
      return original.call(this, state, title, url == null ? url : (insideAddress(url) ?? url));
    };
  }
}

function insideAddress(address) {
  const url = new URL(address, location.href);
  const place = /^https?:/.test(url.protocol) ? placeOf(url) : null;
  if (!place) return null;
  const base = prefix.slice(0, prefix.lastIndexOf("/"));
  return new URL(`${base}/${place.port}${place.path}${url.hash}`, location.href).href;
}
