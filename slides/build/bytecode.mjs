// Runs bytecode.py in Pyodide: `node bytecode.mjs FOLDER`, a folder with a job in it.

import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const program = new URL("bytecode.py", import.meta.url);
try {
  const python = await loadPyodide({
    // A library's frames show a line each; marks under a part of it would be a fourth more bytes.
    args: ["-X", "no_debug_ranges"],
    env: { HOME: "/", PYTHONHASHSEED: "0" }, // the same bytes every time
  });
  python.mountNodeFS("/job", process.argv[2]);
  python.runPython(readFileSync(program, "utf8"));
} catch (error) {
  console.error(error.message); // Node.js would show a line of Pyodide's: a megabyte
  process.exitCode = 1;
}
