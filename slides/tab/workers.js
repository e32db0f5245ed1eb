// Workers that have booted Python before anybody asked: a program then starts at once.

export const runtime = { base: new URL("./tab/", import.meta.url) };

const ENOUGH = 4; // gigabytes of memory with which one more interpreter is no burden
const QUIET = 1500; // milliseconds after the last start, which is better left alone

let spare = null;
let timer = 0;

// A worker for a program: the spare one, or one that has its boot before it.
export function takeWorker() {
  const worker = spare ?? create();
  spare = null;
  clearTimeout(timer);
  return worker;
}

// Boots one more interpreter, for whatever is started next.
export function keepSpare() {
  spare ??= create();
}

// The same, when the programs that were started have had their time to start.
export function keepSpareSoon() {
  if ((navigator.deviceMemory ?? ENOUGH) < ENOUGH) return;
  clearTimeout(timer);
  timer = setTimeout(keepSpare, QUIET);
}

export function dropSpare() {
  clearTimeout(timer);
  spare?.terminate();
  spare = null;
}

function create() {
  return new Worker(new URL("worker.js", runtime.base), { type: "module" });
}
