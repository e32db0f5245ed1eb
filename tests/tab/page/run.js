// Lets a test run programs in this page: `await run({module, …})`.

import { Host, runtime } from "../tab/main.js";

runtime.base = new URL("../assets/tab/", import.meta.url);

let hosts = 0;

// Runs a module, beside others if there are any, and gives its exit status and output. `interruptAt`
// is what it must have said before Ctrl-C is pressed; `beside` are modules, each with the port that
// it listens on before the next one starts.
window.run = async ({ module, argv, files, beside, interruptAt, milliseconds }) => {
  const host = new Host(`test-${++hosts}`);
  const started = [];
  const output = [];
  try {
    for (const [other, port] of Object.entries(beside)) {
      const process = start(host, other, [], files, output);
      started.push(process);
      await host.whenListening(port, process);
    }
    const process = start(host, module, argv, files, output);
    started.push(process);
    if (interruptAt) interrupt(process, interruptAt);
    const status = await Promise.race([process.ended, sleep(milliseconds)]);
    return { status, output: output.join(""), reason: process.reason };
  } finally {
    for (const process of started) process.kill();
  }
};

window.Host = Host;

function start(host, module, argv, files, output) {
  const contents = Object.entries(files).map(([name, content]) => [
    name,
    typeof content === "string" ? content : bytes(content.base64),
  ]);
  const process = host.start(module, { argv, files: Object.fromEntries(contents) });
  process.addEventListener("output", ({ text }) => output.push(text));
  return process;
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
}

function interrupt(process, text) {
  let said = "";
  process.addEventListener("output", (event) => {
    if (said.includes(text)) return;
    said += event.text;
    if (said.includes(text)) process.interrupt();
  });
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, null));
}
