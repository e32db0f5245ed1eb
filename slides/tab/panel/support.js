// Whether a program can run in this page, and if not, why: in words for its reader.

export function obstacle({ name, where }) {
  if (!where.includes("tab")) return `${name} needs more than a browser's tab.`;
  if (location.protocol === "file:") return "A page opened from a file cannot run programs; one from a server can.";
  if (!isSecureContext) return "Browsers run programs only in pages from https or from this machine.";
  if (!("serviceWorker" in navigator)) return "This browser, or this private window, has no service workers.";
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly.";
  if (!("Suspending" in WebAssembly)) return "This browser cannot let a program wait (it has no WebAssembly JSPI).";
  return "";
}
