// Runs a demo as somebody at a terminal does: starts it, types lines, and presses Ctrl-C.

import { Host, keepSpare } from "../tab/main.js";
import { run as type } from "../tab/net/shell.js";

const PORT = 8888;
const READY = "Ctrl-C ends it."; // before this it has tried the port, and let go of it

// Gives what each line led to, how the demo ended, what it wrote, and what is left on its host.
// Without lines it is left to end by itself.
export async function session({ name, lines }) {
  const host = new Host(`demo-${name}`);
  const process = host.start("demos", { argv: [name] });
  const written = { stdout: "", stderr: "" };
  const isReady = new Promise((resolve) => {
    process.addEventListener("output", ({ stream, text }) => {
      written[stream] += text;
      if (written.stdout.includes(READY)) resolve();
    });
    process.ended.then(resolve);
  });
  const answers = [];
  if (lines.length) {
    await isReady;
    await host.whenListening(PORT, process);
    keepSpare();
    for (const line of lines) answers.push(await answer(host, line));
    process.interrupt();
  }
  const status = await process.ended;
  const left = [...host.ports, ...host.processes];
  await host.remove();
  return { answers, end: [status, written.stdout, written.stderr], left: left.length };
}

async function answer(host, line) {
  const shown = ["", ""];
  const decoders = shown.map(() => new TextDecoder("latin1"));
  const into = (index) => (data) => {
    shown[index] += typeof data === "string" ? data : decoders[index].decode(data);
  };
  const context = { connect: (_, port) => host.connect(port), write: into(0), writeError: into(1) };
  return [await type(line, context), ...shown];
}
