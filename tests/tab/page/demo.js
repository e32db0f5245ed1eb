// Runs demos as somebody at a terminal does: starts them, types lines, and presses Ctrl-C.

import { Host, keepSpare } from "../tab/main.js";
import { run as type } from "../tab/net/shell.js";

const READY = "Ctrl-C ends it."; // before this it tried its port, and let go of it
let sessions = 0;

// Starts each command of a host, [words after `python -m demos`, port], once the one before listens;
// gives what each line led to, how each program ended, the last one first, and how many are left.
export async function session({ commands, lines }) {
  const host = new Host(`demo-${++sessions}`);
  const programs = [];
  for (const [argv, port] of commands) programs.push(await started(host, argv, port));
  keepSpare();
  const answers = [];
  for (const line of lines) answers.push(await answer(host, line));
  const ends = [];
  for (const { process, written } of programs.reverse()) {
    process.interrupt();
    ends.push([await process.ended, written.stdout, written.stderr]);
  }
  const left = host.ports.length + host.processes.size;
  await host.remove();
  return { answers, ends, left };
}

// A program that listens, or, if it has no port, one that has ended.
async function started(host, argv, port) {
  const process = host.start("demos", { argv });
  const written = { stdout: "", stderr: "" };
  await new Promise((resolve) => {
    process.addEventListener("output", ({ stream, text }) => {
      written[stream] += text;
      if (written.stdout.includes(READY)) resolve();
    });
    process.ended.then(resolve);
  });
  if (port) await host.whenListening(port, process);
  return { process, written };
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
