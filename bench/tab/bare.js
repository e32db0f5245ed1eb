// The floor: Pyodide as npm has it, in a worker, until it has printed a word.

const begun = performance.now();
const { loadPyodide } = await import(new URL("pyodide/pyodide.mjs", import.meta.url));
const python = await loadPyodide({ indexURL: new URL("pyodide/", import.meta.url).href });
python.setStdout({ batched: (text) => postMessage({ text, ms: performance.now() - begun }) });
python.runPython("print('hello')");
