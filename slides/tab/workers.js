// Workers that have booted Python before anybody asked: a program then starts at once.

export const runtime = { base: new URL("./tab/", import.meta.url) };

let spare = null;

export function takeWorker() {
  const worker = spare ?? create();
  spare = null;
  return worker;
}

// Boot one more interpreter, for whatever is started next.
export function keepSpare() {
  spare ??= create();
}

export function dropSpare() {
  spare?.terminate();
  spare = null;
}

function create() {
  return new Worker(new URL("worker.js", runtime.base), { type: "module" });
}
