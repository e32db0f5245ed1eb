// Runs snapshot.py in Pyodide: `node snapshot.mjs FOLDER`, a folder with a job in it and with the
// interpreter, and keeps the memory after that as the folder's snapshot.bin.

import crypto from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

// The same bytes every time: the time of day, chance, and names of folders are not in them.
Date.now = performance.now = () => 0;
crypto.randomFillSync = (array) => array.fill(0);

const folder = process.argv[2];
const { home } = JSON.parse(readFileSync(`${folder}/job.json`, "utf8"));
try {
  const python = await loadPyodide({
    indexURL: `${folder}/pyodide/`,
    env: { HOME: home, PYTHONHASHSEED: "0" }, // as the worker has it
    _sysExecutable: "./this.program", // as in a browser
    _makeSnapshot: true,
  });
  python.mountNodeFS("/job", folder);
  python.FS.writeFile("/snapshot.py", readFileSync(new URL("snapshot.py", import.meta.url)));
  python.runPython('exec(open("/snapshot.py").read(), {})');
  writeFileSync(`${folder}/snapshot.bin`, python.makeMemorySnapshot());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
