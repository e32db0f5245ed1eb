// The panel's shell splits a line as a shell does, and says what it has not.

import assert from "node:assert/strict";
import test from "node:test";

import { run, ShellError, split } from "../../../slides/tab/net/shell.js";
import { terminal } from "./terminal.mjs";

function words(line) {
  return split(line).map(({ commands }) => commands).flat(2);
}

for (const [line, expected] of [
  ["a  b\tc", ["a", "b", "c"]],
  ["a 'b  \"c' \"d 'e\"", ["a", 'b  "c', "d 'e"]],
  [`a'b'"c"d '' ""`, ["abcd", "", ""]],
  [String.raw`a\ b \' "\"\$\x\\"`, ["a b", "'", '"$\\x\\']],
  ["a \\\n  b\\\nc", ["a", "b", "c"]],
  ["a # b 'c", ["a"]],
  ["a#b '#'", ["a#b", "#"]],
  ["curl localhost/?a=1#b", ["curl", "localhost/?a=1#b"]],
  ["", []],
]) {
  test(`${JSON.stringify(line)} is ${expected.length} words`, () => {
    assert.deepEqual(words(line), expected);
  });
}

test("commands are joined as they stand", () => {
  assert.deepEqual(split("a 1; b && c | d e || f\n\n g;\n"), [
    { after: ";", commands: [["a", "1"]] },
    { after: ";", commands: [["b"]] },
    { after: "&&", commands: [["c"], ["d", "e"]] },
    { after: "||", commands: [["f"]] },
    { after: ";", commands: [["g"]] },
  ].map((pipe) => Object.assign(Object.create(Object.getPrototypeOf(split("a")[0])), pipe)));
});

for (const [line, message, isUnfinished] of [
  ["a 'b", /the ' is not closed/, true],
  ['a "b', /the " is not closed/, true],
  ["a \\", /something is missing/, true],
  ["curl localhost/?a=1&b=2", /wants quotes/, false],
  ["a > b", /no files/, false],
  ["a 2>&1", /no files/, false],
  ["| a", /missing/, false],
  ["a |", /missing/, false],
  ["a && ; b", /missing/, false],
  ["a ;; b", /missing/, false],
]) {
  test(`${JSON.stringify(line)} is refused in words`, () => {
    assert.throws(() => split(line), (error) => {
      assert.ok(error instanceof ShellError);
      assert.match(error.message, message);
      assert.equal(error.isUnfinished, isUnfinished);
      return true;
    });
  });
}

async function shownBy(line, options = {}) {
  const context = terminal(options);
  const status = await run(line, context);
  return [status, context.out, context.err];
}

test("echo shows its words, and joins do what they say", async () => {
  assert.deepEqual(await shownBy("echo a  b && echo -n c || echo d; nope && echo e"), [
    127,
    "a b\nc",
    "command not found: nope (curl, echo, help, clear, sleep)\n",
  ]);
  assert.deepEqual(await shownBy("nope || echo f"), [0, "f\n", (await shownBy("nope"))[2]]);
});

test("no inherited name is a program", async () => {
  assert.equal((await shownBy("toString"))[0], 127);
  assert.equal((await shownBy("__proto__"))[0], 127);
});

test("a line that cannot be read runs nothing", async () => {
  const [status, out, err] = await shownBy("echo a; echo 'b");
  assert.deepEqual([status, out, err], [2, "", "the ' is not closed\n"]);
});

test("help names the programs, and clear clears", async () => {
  assert.match((await shownBy("help"))[1], /curl URL.*echo.*sleep.*clear.*json\.tool/s);
  let cleared = 0;
  assert.deepEqual(await shownBy("clear", { clear: () => (cleared += 1) }), [0, "", ""]);
  assert.equal(cleared, 1);
});

test("sleep sleeps, until Ctrl-C", async () => {
  assert.deepEqual(await shownBy("sleep 0.001; sleep x"), [
    1,
    "",
    "sleep: invalid time interval 'x'\n",
  ]);
  const abort = new AbortController();
  const running = shownBy("sleep 1000; echo never", { signal: abort.signal });
  abort.abort();
  assert.deepEqual(await running, [130, "", ""]);
  const late = { signal: AbortSignal.abort() };
  assert.deepEqual(await shownBy("sleep 1000; echo never", late), [130, "", ""]);
});

test("what stands before a | is what the next one reads", async () => {
  const [status, out] = await shownBy(`echo '{"b": [1, "é"]}' | python -m json.tool`);
  assert.deepEqual([status, out], [0, '{\n    "b": [\n        1,\n        "\\u00e9"\n    ]\n}\n']);
  assert.equal((await shownBy("echo 1 | python3 -c x"))[0], 1);
});
