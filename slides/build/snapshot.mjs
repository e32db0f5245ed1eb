// Runs snapshot.py in Pyodide: `node snapshot.mjs FOLDER`, a folder with a job in it and with the
// interpreter, and keeps the memory after that, compressed, as the folder's snapshot.bin.

import crypto from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { loadPyodide } from "pyodide";

// The same bytes every time: the time of day, chance, and names of folders are not in them.
Date.now = performance.now = () => 0;
crypto.randomFillSync = (array) => array.fill(0);

// Python calls its functions in another way in an engine without these types, and the memory would
// go on to do so in a browser, where no stack can be suspended then.
const STRUCT_TYPE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 3, 1, 0x5f, 0]);
if (!WebAssembly.validate(STRUCT_TYPE)) {
  console.error("It takes Node.js 22 or newer: python3 slides/bootstrap.py node");
  process.exit(1);
}

// Pyodide asks once whether stacks can be suspended, and remembers it. Browsers can; nothing here
// tries to.
WebAssembly.Suspending ??= function Suspending(wrapped) {
  return wrapped;
};
WebAssembly.promising ??= (wrapped) => wrapped;

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
  writeFileSync(`${folder}/snapshot.bin`, gzipSync(python.makeMemorySnapshot(), { level: 9 }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
