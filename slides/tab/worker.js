// A process: one Python program in a module worker, and the kernel under it. The Python side is
// `machine/`; it asks the page through the object `kernel`.

const NEVER = -1; // milliseconds
const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds
const HOME = "/talk";
const SITE = "/lib/site.zip"; // the packages, imported from there, and the programs
const UNPACK = `
import sys, zipfile
if "${SITE}/lib" not in sys.path:
    sys.path.insert(0, "${SITE}/lib")
with zipfile.ZipFile("${SITE}") as site:
    site.extractall("${HOME}", [name for name in site.namelist() if not name.startswith("lib/")])
`;

const inbox = [];
const sleepers = new Set();
const turns = [];

// A turn of the worker's own loop, without the delay of a timer.
const turn = new MessageChannel();
turn.port1.onmessage = () => turns.shift()();

function arrive(...event) {
  inbox.push(event);
  wake();
}

function wake() {
  for (const resume of [...sleepers]) resume();
}

function wait(milliseconds) {
  return new Promise((resolve) => {
    if (milliseconds === 0 || inbox.length) {
      turns.push(resolve);
      turn.port2.postMessage(0);
    } else {
      sleepUntilWoken(milliseconds, resolve);
    }
  });
}

function sleepUntilWoken(milliseconds, resolve) {
  const resume = () => {
    clearTimeout(timer);
    sleepers.delete(resume);
    resolve();
  };
  const limit = milliseconds === NEVER ? LONGEST_TIMER : Math.min(milliseconds, LONGEST_TIMER);
  const timer = setTimeout(resume, limit);
  sleepers.add(resume);
}

// Connections. Each is a MessagePort: bytes, or how many of them were read, or its end.

const wires = new Map(); // number → { port, ended: [by this program, by the other one] }
let accepted = -1; // the number of the last one that came from outside

function addWire(number, port) {
  wires.set(number, { port, ended: [false, false] });
  port.onmessage = ({ data }) => {
    if (data instanceof Uint8Array) arrive("data", number, data);
    else if (data.credit) arrive("credit", number, data.credit);
    else if (data.end) arrive("end", number), end(number, 1);
    else if (data.reset) arrive("reset", number), drop(number);
  };
}

function end(number, side) {
  const wire = wires.get(number);
  if (!wire) return;
  wire.ended[side] = true;
  if (wire.ended[0] && wire.ended[1]) drop(number);
}

function drop(number) {
  wires.get(number)?.port.close();
  wires.delete(number);
}

function tell(number, message, transfer) {
  wires.get(number)?.port.postMessage(message, transfer);
}

const taken = new Set(); // the ports that other processes of this host listen on

const kernel = {
  wait,
  wake,
  take: () => inbox.shift(),
  write: (stream, text) => postMessage({ kind: "output", stream, text }),
  exit: leave,
  pong: (sent) => postMessage({ kind: "pong", sent }),
  spawn: (stack) => void stack.callPromising().finally(() => stack.destroy()),
  isTaken: (port) => taken.has(port),
  listen: (port) => postMessage({ kind: "listening", port }),
  unlisten: (port) => postMessage({ kind: "closed", port }),
  connect(number, port) {
    const { port1, port2 } = new MessageChannel();
    addWire(number, port1);
    postMessage({ kind: "connect", number, port, wire: port2 }, [port2]);
  },
  send: (number, bytes) => tell(number, bytes, [bytes.buffer]),
  credit: (number, count) => tell(number, { credit: count }),
  finish(number) {
    tell(number, { end: true });
    end(number, 0);
  },
  reset(number) {
    tell(number, { reset: true });
    drop(number);
  },
};

// What the page says.

const answers = {
  start: (message) => start(message).catch(fail),
  ping: ({ sent }) => arrive("ping", sent),
  signal: ({ number }) => arrive("signal", number),
  ports({ ports }) {
    taken.clear();
    for (const port of ports) taken.add(port);
  },
  accept({ number, port, wire }) {
    accepted = number;
    addWire(number, wire);
    arrive("accept", number, port);
  },
  connected: ({ number }) => arrive("connected", number),
  refused({ number }) {
    drop(number);
    arrive("refused", number);
  },
  gone({ number }) {
    drop(number);
    arrive("reset", number);
  },
};

onmessage = ({ data }) => answers[data.kind](data);

function fail(error) {
  postMessage({ kind: "failed", reason: String(error?.message ?? error) });
}

// The interpreter boots as soon as the worker is there, and then waits to be told what to run.

// Of an interpreter that does not load Pyodide only warns, and would wait for ever.
const broken = new Promise((resolve, reject) => {
  const native = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = (source, imports) => {
    const made = source.then(asWasm).then((response) => native(response, imports));
    made.catch(reject);
    return made;
  };
});
const booted = boot();
booted.then(() => postMessage({ kind: "booted" }), fail);

async function boot() {
  const about = load("./runtime.json").then((response) => response.json());
  const site = load("./site.zip").then((response) => response.arrayBuffer());
  const indexURL = new URL("./pyodide/", import.meta.url).href;
  site.catch(() => {}); // looked at below
  const options = { indexURL, env: { HOME, PYTHONHASHSEED: "0" } };
  const [{ loadPyodide }, { snapshot }] = await Promise.all([import(`${indexURL}pyodide.mjs`), about]);
  if (snapshot) options._loadSnapshot = load("./snapshot.bin").then(unzipped);
  const python = await Promise.race([loadPyodide(options), broken]);
  python.FS.writeFile(SITE, new Uint8Array(await site));
  python.runPython(UNPACK);
  python.registerJsModule("kernel", kernel);
  return python;
}

async function load(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

// Not every host knows its type, without which it would not be compiled.
function asWasm(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  if (response.headers.get("Content-Type") === "application/wasm") return response;
  return new Response(response.body, { headers: { "Content-Type": "application/wasm" } });
}

// Few hosts compress a file of its kind, which is five times as large as need be.
function unzipped(response) {
  return new Response(response.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function start({ module, args, files, firstPort }) {
  const python = await booted;
  kernel.firstPort = firstPort;
  for (const [name, content] of Object.entries(files)) write(python, `${HOME}/${name}`, content);
  const process = python.pyimport("machine.process");
  process.install();
  postMessage({ kind: "running" });
  const status = await process.run.callPromising(module, python.toPy(args));
  leave(status);
}

// Whoever has a connection hears of the end on the connection itself, after all that was sent there.
function leave(status) {
  for (const number of [...wires.keys()]) kernel.reset(number);
  postMessage({ kind: "ended", status, accepted });
}

function write(python, path, content) {
  python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  python.FS.writeFile(path, content);
}
