// The options of the curl line: what each is called, what it does, and how it is taken.

import { CurlError, UsageError } from "./curl-error.js";
import { textOf } from "./incoming.js";

const MOST_REDIRECTS = 30; // the new curl's number; the older one follows 50
const NOTHING = "Taken, but without effect here";

// [names, what its value is called, what it does, how it changes the options]
export const TABLE = [
  ["-A, --user-agent", "name", "Say who asks", set("userAgent")],
  ["-b, --cookie", "k=v|name", "Send cookies: these, or those of a jar", addCookies],
  ["-c, --cookie-jar", "name", "Keep cookies in a jar; - shows it", set("saveCookies")],
  ["    --compressed", "", NOTHING, ignore],
  ["    --connect-timeout", "seconds", NOTHING, ignore],
  ["-d, --data", "data", "Send a form; several are joined by &", addData(withoutFile)],
  ["    --data-raw", "data", "Send it as -d does, @ and all", addData((text) => text)],
  ["    --data-urlencode", "data", "Send text, =text or name=text encoded", addData(encoded)],
  ["-e, --referer", "URL", "Say which page led here", set("referer")],
  ["-f, --fail", "", "End with 22 on an error, without the body", set("fail")],
  ["-G, --get", "", "Put the data into the address", set("get")],
  ["-g, --globoff", "", NOTHING, ignore],
  ["-H, --header", "line", "Send a header; 'Name:' omits it, 'Name;' empties it", addHeader],
  ["-h, --help", "", "Show this", set("help")],
  ["-I, --head", "", "Ask for the headers only", set("head")],
  ["-i, --include", "", "Show the headers, too", set("include")],
  ["    --json", "data", "Send JSON, and ask for it", addJson],
  ["-k, --insecure", "", NOTHING, ignore],
  ["-L, --location", "", "Follow redirects", set("follow")],
  ["-m, --max-time", "seconds", "Give up after so long", setNumber("maxTime")],
  ["    --max-redirs", "number", "Follow no more redirects than these", setNumber("maxRedirects")],
  ["-N, --no-buffer", "", "Show all as it arrives, as it always does here", ignore],
  ["    --no-progress-meter", "", NOTHING, ignore],
  ["-o, --output", "name", "Drop the body into /dev/null; - shows it", addOutput],
  ["-S, --show-error", "", "Show errors in spite of -s", set("showError")],
  ["-s, --silent", "", "Show no errors", set("silent")],
  ["-u, --user", "user:password", "Log in", setUser],
  ["    --url", "URL", "The address", (options, url) => options.urls.push(url)],
  ["-v, --verbose", "", "Show what is sent and received", set("verbose")],
  ["-w, --write-out", "format", "Show facts at the end: '%{http_code} %{time_total}\\n'",
    set("writeOut")],
  ["-X, --request", "method", "Ask with another method", set("method")],
];

export function emptyOptions() {
  return {
    urls: [],
    headers: [], // [name, value]; null for one that is left out
    data: null,
    cookies: [], // 'k=v'
    cookieFiles: [],
    outputs: [], // of the URLs, in their order
    maxRedirects: MOST_REDIRECTS,
  };
}

function ignore() {}

function set(name) {
  return (options, value) => void (options[name] = value);
}

function setNumber(key) {
  return (options, text, word) => {
    if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) {
      throw new UsageError(`curl: option ${word}: expected a proper numerical parameter`);
    }
    options[key] = Number(text);
  };
}

function addHeader(options, line) {
  const [, name, sign, value] = /^([^:;]*)([:;])[ \t]?(.*)$/s.exec(bytesAsText(line)) ?? [];
  if (!name || (sign === ";" && value)) return; // as curl does: without a word
  options.headers.push([name, sign === ":" && !value.trim() ? null : value]);
}

function addData(change) {
  return (options, text) => {
    const before = options.data === null ? "" : `${options.data}&`;
    options.data = before + change(text);
  };
}

function addJson(options, text) {
  options.data = (options.data ?? "") + withoutFile(text);
  options.json = true;
}

const NO_FILES = 26;
const CANNOT_WRITE = 23;

function withoutFile(text) {
  if (!text.startsWith("@")) return text;
  throw new CurlError(NO_FILES, `${text} is a file, and this page has none: give the data itself`);
}

// text, =text, name=text; the name goes as it is.
function encoded(text) {
  const [, name, , value] = /^([^=@]*)(=?)([^]*)$/.exec(text) ?? [];
  if (value.startsWith("@") && !text.includes("=")) return withoutFile(value);
  if (!text.includes("=")) return percent(text);
  return name ? `${name}=${percent(value)}` : percent(value);
}

function percent(text) {
  const hex = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex).replaceAll("%20", "+");
}

function addCookies(options, text) {
  if (text.includes("=")) options.cookies.push(bytesAsText(text));
  else options.cookieFiles.push(text);
}

function addOutput(options, name) {
  if (name !== "-" && name !== "/dev/null") {
    throw new CurlError(CANNOT_WRITE, `${name}: this page keeps no files, only -o /dev/null`);
  }
  options.outputs.push(name);
}

function setUser(options, text) {
  if (!text.includes(":")) {
    throw new UsageError(`curl: option -u: cannot ask for a password here: -u ${text}:password`);
  }
  options.user = text;
}

// UTF-8, one character a byte, as headers travel.
export function bytesAsText(text) {
  return textOf(new TextEncoder().encode(text));
}
