// What happens to a program's answer on its way to a frame.

const HOP = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);
const OWN = /^https?:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?(?=\/|$)/;
// A program's page may run what it brings itself, and reach the tab's own machine.
const LOCAL = "http://localhost:* http://127.0.0.1:* ws://localhost:* ws://127.0.0.1:*";
const POLICY = `default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ${LOCAL}; frame-ancestors 'self'`;
const BEGINNING = /^\s*(?:<!doctype[^>]*>)?\s*(?:<html[^>]*>)?\s*(?:<head[^>]*>)?/i;
const ENOUGH = 1024; // bytes in which a page begins
const latin1 = new TextDecoder("latin1");

// The head of a response as the frame gets it, its cookies kept; tells whether it is HTML.
export function returned({ status, reason, headers }, { jar, path, prefix }) {
  const head = { status, reason, headers: [] };
  let isHtml = false;
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === "set-cookie") jar.set(value, "localhost", path);
    else if (key === "location") head.headers.push([name, inside(value, prefix)]);
    else if (!HOP.has(key)) head.headers.push([name, value]);
    isHtml ||= key === "content-type" && /^text\/html\b/i.test(value);
  }
  if (isHtml) head.headers.push(["Content-Security-Policy", POLICY]);
  return { head, isHtml };
}

function inside(address, prefix) {
  const path = address.replace(OWN, "");
  return path.startsWith("/") && !path.startsWith("//") ? prefix + path : address;
}

// The body of a page with our script as the first; any other body as it is.
export function withShim(body, shim) {
  if (!shim) return body;
  let begun = new Uint8Array(0);
  let isDone = false;
  const insert = (controller) => {
    isDone = true;
    const at = BEGINNING.exec(latin1.decode(begun))[0].length;
    controller.enqueue(begun.slice(0, at));
    controller.enqueue(new TextEncoder().encode(tag(shim)));
    controller.enqueue(begun.slice(at));
  };
  const transform = (bytes, controller) => {
    if (isDone) return controller.enqueue(bytes);
    begun = joined(begun, bytes);
    if (begun.length >= ENOUGH || hasBegun(latin1.decode(begun))) insert(controller);
  };
  const flush = (controller) => void (isDone || insert(controller));
  return body.pipeThrough(new TransformStream({ transform, flush }));
}

// Whether what belongs before the first script is there, and something else after it.
function hasBegun(text) {
  const rest = text.slice(BEGINNING.exec(text)[0].length);
  return /^\s*(?:[^<\s]|<[^>]*>)/.test(rest);
}

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

// A page without an icon, in a tab of its own, would ask the deck's server for one.
function tag({ src, jar, path }) {
  const cookies = escaped(jar.forScript("localhost", path));
  return `<link rel="icon" href="data:,"><script src="${escaped(src)}" data-cookies="${cookies}"></script>`;
}

export function refusal(error, port) {
  const why =
    error.code === "ECONNREFUSED"
      ? `Nothing listens on <code>localhost:${port}</code>.`
      : escaped(error.message);
  return `<!doctype html><meta name="color-scheme" content="light dark"><title>No answer</title>
<link rel="icon" href="data:,"><body style="font: 1rem/1.5 system-ui; margin: 2rem"><p>${why}</p>`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);
}
