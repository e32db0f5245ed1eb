// What a panel gives the curl line and the shell, for the tests.

import { connectTo } from "./wire.mjs";

// A context whose `out` and `err` are what was shown, and whose lines are typed by `type()`.
export function terminal(options = {}) {
  const keyboard = new TransformStream();
  const typist = keyboard.writable.getWriter();
  const context = {
    out: "",
    err: "",
    connect: (hostname, port) => connectTo(port),
    write: (data) => void (context.out += Buffer.from(data).toString()),
    writeError: (data) => void (context.err += Buffer.from(data).toString()),
    input: keyboard.readable,
    type: (line) => void typist.write(line).catch(() => {}),
    ...options,
  };
  return context;
}

// Resolves when the terminal has shown a text.
export async function shown(context, text) {
  while (!(context.out + context.err).includes(text)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
