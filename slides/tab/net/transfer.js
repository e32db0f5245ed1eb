// One address of the curl line over HTTP, with its redirects. A `job` is what one address is about:
// {url, options, context, cookies, output, facts, signal}.

import { firstAsk, headersOf, nextAsk, redirectOf } from "./asking.js";
import { connected } from "./connecting.js";
import { CurlError } from "./curl-error.js";
import { valueOf } from "./head.js";
import { request } from "./http.js";
import { bytesAsText } from "./options.js";

const FAILED = 22;

// Writes the response to `output`, and what --write-out tells to `facts`. Fails with what
// asCurlError() understands.
export async function transfer(job) {
  const { options, facts } = job;
  let ask = firstAsk(job.url, options);
  for (;;) {
    const response = await exchange(ask, job);
    const next = redirectOf(response, ask);
    if (!next || !options.follow) {
      facts.redirectUrl = next ?? "";
      return receive(response, job);
    }
    response.body.cancel();
    ask = nextAsk(ask, next, response.status, options, facts.redirects + 1);
    facts.redirects += 1;
    job.output.note(`Issue another request to this URL: '${next}'`);
  }
}

async function exchange(ask, job) {
  const { address, method, data } = ask;
  const { cookies, facts, options, output, signal } = job;
  const connection = await connected(address, job);
  const body = data === null ? null : new TextEncoder().encode(data);
  Object.assign(facts, { method, effective: address.url, uploaded: body?.length ?? 0 });
  const response = await request(connection, {
    method,
    path: bytesAsText(address.path),
    headers: headersOf(ask, options, cookies?.header(address.hostname, address.path)),
    body,
    signal,
    close: false, // curl does not say it, and a server would answer it
    onRequest: (head) => output.sent(head),
    onHead: (head) => receivedHead(head, job),
  });
  for (const [name, value] of response.headers) {
    if (name.toLowerCase() === "set-cookie") cookies?.set(value, address.hostname, address.path);
  }
  return response;
}

export function receivedHead(head, { facts, output }) {
  facts.firstByte ??= performance.now();
  facts.headerBytes += head.length;
  output.received(head);
}

async function receive(response, { options, facts, output }) {
  const { status, version, headers, trailers, body } = response;
  const contentType = valueOf(headers, "content-type") ?? "";
  Object.assign(facts, { status, version, contentType, headers: headers.length });
  if (options.fail && status >= 400) {
    body.cancel();
    throw new CurlError(FAILED, `The requested URL returned error: ${status}`);
  }
  if (options.head) return body.cancel();
  facts.expected = valueOf(headers, "content-length");
  const reader = body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    facts.received += piece.value.length;
    await output.body(piece.value);
  }
  for (const [name, value] of trailers) output.received(`${name}: ${value}\r\n`);
  output.note("Connection #0 to host left intact");
}
