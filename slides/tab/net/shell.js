// The command line of a panel: a few programs, and what joins them.

import { curl } from "./curl.js";
import { INTERRUPTED } from "./curl-error.js";
import { concatenated } from "./incoming.js";
import { prettyJson } from "./json-tool.js";
import { ShellError, split } from "./shell-words.js";

export { ShellError, split };

const FAILED = 1;
const USAGE = 2;
const NOT_FOUND = 127;
const PROGRAMS = { curl, echo, help, clear, sleep, python, python3: python };
const SHOWN = "curl, echo, help, clear, sleep";
const HELP = `curl URL      asks the program for a page; curl --help tells more
echo TEXT     shows the text
sleep N       waits for so many seconds
clear         empties the terminal
Commands are joined by ; && || and |, and "| python -m json.tool" sets JSON out.
Ctrl-C ends what is running.
`;

// Runs a line and gives its exit status. The context is that of curl(), and `clear()`, which
// empties what `write` has filled.
export async function run(line, context) {
  const settled = { writeError: context.write, ...context };
  let status = 0;
  try {
    for (const { after, commands } of split(line)) {
      if (context.signal?.aborted) break;
      if ((after === "&&" && status !== 0) || (after === "||" && status === 0)) continue;
      status = await pipe(commands, settled);
    }
    return context.signal?.aborted ? INTERRUPTED : status;
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    settled.writeError(`${error.message}\n`);
    return USAGE;
  }
}

// Each command's output is whole before the next one gets it.
async function pipe(commands, context) {
  let { input } = context;
  for (const words of commands.slice(0, -1)) {
    const shown = [];
    const write = (data) => void shown.push(bytesOf(data));
    await start(words, { ...context, input, write });
    input = streamOf(new TextDecoder().decode(concatenated(shown)));
  }
  return start(commands.at(-1), { ...context, input });
}

async function start([name, ...words], context) {
  if (Object.hasOwn(PROGRAMS, name)) return PROGRAMS[name](words, context);
  context.writeError(`command not found: ${name} (${SHOWN})\n`);
  return NOT_FOUND;
}

function echo(words, { write }) {
  const isBare = words[0] === "-n";
  write(isBare ? words.slice(1).join(" ") : `${words.join(" ")}\n`);
  return 0;
}

function help(words, { write }) {
  write(HELP);
  return 0;
}

function clear(words, context) {
  context.clear?.();
  return 0;
}

async function sleep([text = ""], { signal, writeError }) {
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) {
    writeError(`sleep: invalid time interval '${text}'\n`);
    return FAILED;
  }
  await new Promise((resolve) => {
    const timeout = setTimeout(done, text * 1000);
    function done() {
      clearTimeout(timeout);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done);
  });
  return 0;
}

async function python(words, { input, write, writeError }) {
  if (words.join(" ") !== "-m json.tool") {
    writeError("python: here it is only for | python -m json.tool\n");
    return FAILED;
  }
  try {
    write(`${prettyJson(await textOf(input))}\n`);
    return 0;
  } catch (error) {
    writeError(`${error.message}\n`);
    return FAILED;
  }
}

function bytesOf(data) {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

function streamOf(text) {
  return new ReadableStream({
    start(controller) {
      if (text) controller.enqueue(text);
      controller.close();
    },
  });
}

async function textOf(stream) {
  let text = "";
  const reader = stream?.getReader();
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader.read()) {
    text += piece.value;
  }
  return text;
}
