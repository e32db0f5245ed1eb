// The curl line: what a learner uses of curl, over connections into a program in the page. What it
// shows, and the status it ends with, are curl's own.

import { inferred } from "./asking.js";
import { help, parse } from "./command-line.js";
import { CookieJar } from "./cookies.js";
import { asCurlError, CurlError, INTERRUPTED } from "./curl-error.js";
import { Output } from "./output.js";
import { telnet, websocket } from "./talk.js";
import { transfer } from "./transfer.js";
import { emptyFacts, writeOut } from "./write-out.js";

const INFERRED = "is already inferred.";
const USAGE = 2;
const TIMED_OUT = 28;
const WAYS = { http: transfer, telnet, ws: websocket, wss: websocket };

// Runs the words after `curl` and gives the exit status. The context has
//   connect(hostname, port)  a connection, or an error where nothing listens
//   write(text or bytes)     for what is shown; it may give a promise, which is waited for
//   writeError(text or bytes)  for complaints and -v; without it, write
//   jar       a CookieJar: its `files` are the jars of -b and -c
//   signal    Ctrl-C: the status is 130
//   input     a ReadableStream of lines, for ws:// and telnet://; a line's end may be left out
export async function curl(words, context) {
  const settled = { writeError: context.write, jar: new CookieJar(), ...context };
  try {
    const options = parse(words);
    if (!options.help) return await fetchAll(options, settled);
    settled.write(help());
    return 0;
  } catch (error) {
    const sign = error.status === USAGE ? "" : `curl: (${error.status}) `;
    settled.writeError(`${sign}${error.message}\n`);
    return error.status;
  }
}

async function fetchAll(options, context) {
  const cookies = cookiesFor(options, context.jar);
  if (options.verbose && options.method === inferred(options)) {
    context.writeError(`Note: Unnecessary use of -X or --request, ${options.method} ${INFERRED}\n`);
  }
  let status = 0;
  for (const [index, url] of options.urls.entries()) {
    status = await fetchOne(url, options.outputs[index], { options, context, cookies });
    if (status === INTERRUPTED) break;
  }
  save(cookies, options, context);
  return status;
}

async function fetchOne(url, outputName, { options, context, cookies }) {
  const output = new Output(options, outputName, context);
  const facts = emptyFacts(url);
  const deadline = timer(context.signal, options.maxTime);
  const job = { url, options, context, cookies, output, facts, signal: deadline.signal };
  try {
    await wayOf(url)(job);
  } catch (error) {
    if (context.signal?.aborted) return INTERRUPTED;
    facts.error = deadline.signal.aborted ? timedOut(facts) : asCurlError(error);
    output.error(facts.error);
  } finally {
    deadline.clear();
  }
  facts.ended = performance.now();
  if (options.writeOut) context.write(writeOut(options.writeOut, facts, context.writeError));
  return facts.error?.status ?? 0;
}

function wayOf(url) {
  const [, scheme = "http"] = /^([a-z]+):\/\//i.exec(url) ?? [];
  return WAYS[scheme.toLowerCase()] ?? transfer; // which says what it does not know
}

// A signal that aborts with another one, and after `seconds`, if they are given.
function timer(signal, seconds) {
  const own = new AbortController();
  const abort = () => own.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const timeout = seconds ? setTimeout(abort, seconds * 1000) : 0;
  const clear = () => {
    clearTimeout(timeout);
    signal?.removeEventListener("abort", abort);
  };
  return { signal: own.signal, clear };
}

function timedOut({ started, received, expected }) {
  const after = `after ${Math.round(performance.now() - started)} milliseconds`;
  const bytes = expected === null ? `${received}` : `${received} out of ${expected}`;
  return new CurlError(TIMED_OUT, `Operation timed out ${after} with ${bytes} bytes received`);
}

// The cookies that are kept between the requests of one line; none without -b NAME or -c.
function cookiesFor({ cookieFiles, saveCookies }, { files }) {
  if (cookieFiles.length === 0 && saveCookies === undefined) return null;
  const cookies = new CookieJar();
  for (const name of cookieFiles) if (files.has(name)) cookies.addAll(files.get(name));
  return cookies;
}

function save(cookies, { saveCookies }, { jar, write }) {
  if (saveCookies === "-") write(`${cookies}`);
  else if (saveCookies) jar.files.set(saveCookies, cookies);
}
