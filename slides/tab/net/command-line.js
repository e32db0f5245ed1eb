// How the words after `curl` are read.

import { UsageError } from "./curl-error.js";
import { emptyOptions, TABLE } from "./options.js";

const BOTH_METHODS = `Warning: You can only select one HTTP request method! You asked for both POST
Warning: (-d, --data) and HEAD (-I, --head).`.replace("POST\n", "POST \n"); // curl's own lines

const TRY = "curl: try 'curl --help' for more information";
const ADDRESSES = `
Addresses are those of this page's own machine, localhost: http://, and for a conversation ws:// and
telnet://, where the lines you type are sent, and what comes is shown.
`;

const OPTIONS = new Map();
for (const [names, value, , take] of TABLE) {
  for (const name of namesOf(names)) OPTIONS.set(name, { takesValue: value !== "", take });
}

// Gives the options, `urls` among them. Throws a UsageError, and a CurlError for what a page cannot
// do.
export function parse(words) {
  if (words.length === 0) throw new UsageError(TRY);
  const options = emptyOptions();
  const left = [...words];
  while (left.length) {
    const word = left.shift();
    if (word === "--") options.urls.push(...left.splice(0));
    else if (word.startsWith("--")) takeLong(word, left, options);
    else if (word.startsWith("-") && word !== "-") takeShort(word, left, options);
    else options.urls.push(word);
  }
  return checked(options);
}

export function help() {
  const lines = TABLE.map(([names, value, what]) => {
    return ` ${`${names} ${value && `<${value}>`}`.padEnd(31)} ${what}\n`;
  });
  return `Usage: curl [options...] <url>\n${lines.join("")}${ADDRESSES}`;
}

function takeLong(word, left, options) {
  const [, name, value] = /^([^=]*)(?:=([^]*))?$/.exec(word);
  const option = OPTIONS.get(name);
  if (!option || (value !== undefined && !option.takesValue)) throw unknown(word);
  if (value !== undefined) left.unshift(value);
  apply(option, word, left, options);
}

// Letters may stand together, and the last one's value may follow it at once: -sXPUT
function takeShort(word, left, options) {
  const letters = [...word.slice(1)];
  while (letters.length) {
    const option = OPTIONS.get(`-${letters.shift()}`);
    if (!option) throw unknown(word);
    if (option.takesValue && letters.length) left.unshift(letters.splice(0).join(""));
    apply(option, word, left, options);
  }
}

function apply({ takesValue, take }, word, left, options) {
  if (takesValue && left.length === 0) throw wrong(`option ${word}: requires parameter`);
  take(options, takesValue ? left.shift() : true, word);
}

function checked(options) {
  if (options.urls.length === 0 && !options.help) throw wrong("no URL specified!");
  if (!options.head || options.data === null || options.get) return options;
  throw new UsageError(BOTH_METHODS);
}

function unknown(name) {
  const known = TABLE.map(([names]) => namesOf(names)[0]).join(" ");
  return wrong(`option ${name}: is unknown`, `curl: known here are ${known}`);
}

function wrong(what, then = TRY) {
  return new UsageError(`curl: ${what}\n${then}`);
}

function namesOf(names) {
  return names.trim().split(", ");
}
