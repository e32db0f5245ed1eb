// Runs the lines of a JSON file against a server of this machine, for test_net.py: each is
// {line, input}. Prints [{status, out, err}, …], the bytes one character each.

import { readFileSync } from "node:fs";

import { CookieJar } from "../../../slides/tab/net/cookies.js";
import { run } from "../../../slides/tab/net/shell.js";
import { connectTo } from "./wire.mjs";

const jar = new CookieJar();
const results = [];
for (const line of JSON.parse(readFileSync(0, "utf8"))) results.push(await shown(line));
console.log(JSON.stringify(results));

async function shown(line) {
  const out = [];
  const err = [];
  const status = await run(line, {
    connect: (hostname, port) => connectTo(port),
    write: (data) => void out.push(Buffer.from(data)),
    writeError: (data) => void err.push(Buffer.from(data)),
    jar,
  });
  return { status, out: joined(out), err: joined(err) };
}

function joined(pieces) {
  return Buffer.concat(pieces).toString("latin1");
}
