// What the curl line asks for: a method, headers in curl's order, a body; and after a redirect.

import { absolute, parseAddress } from "./address.js";
import { CurlError } from "./curl-error.js";
import { valueOf } from "./head.js";
import { bytesAsText } from "./options.js";

const USER_AGENT = "curl/8.0.0";
const FORM = "application/x-www-form-urlencoded";
const JSON_HEADERS = [
  ["Content-Type", "application/json"],
  ["Accept", "application/json"],
];
const TO_GET = [301, 302, 303]; // what was sent to them is not sent on
const REDIRECTS = [301, 302, 303, 307, 308];
const PRIVATE = ["authorization", "cookie"]; // headers that are for one host only
const TOO_MANY = 47;

// {address, method, data, isPrivate}; `data` null for none, `isPrivate` while what is for the first
// host only may be sent.
export function firstAsk(url, options) {
  const data = options.get ? null : options.data;
  const address = parseAddress(options.get ? withQuery(url, options.data) : url);
  return { address, method: options.method ?? inferred(options), data, isPrivate: true };
}

// The method that asks without -X.
export function inferred({ head, get, data }) {
  if (head) return "HEAD";
  return get || data === null ? "GET" : "POST";
}

function withQuery(url, data) {
  const [page, fragment = ""] = url.split(/(?=#)/, 2);
  return data ? `${page}${page.includes("?") ? "&" : "?"}${data}${fragment}` : url;
}

// Where a response leads to, as an absolute address; null where it leads nowhere.
export function redirectOf({ status, headers }, { address }) {
  const location = REDIRECTS.includes(status) && valueOf(headers, "location");
  return location ? absolute(location, address) : null;
}

// The request that follows a redirect, the `count`th.
export function nextAsk(ask, url, status, options, count) {
  const most = options.maxRedirects;
  if (count > most) throw new CurlError(TOO_MANY, `Maximum (${most}) redirects followed`);
  const address = parseAddress(url);
  const isPrivate = ask.isPrivate && address.host === ask.address.host;
  if (!TO_GET.includes(status)) return { ...ask, address, isPrivate };
  const method = options.method ?? (options.head ? "HEAD" : "GET");
  return { address, method, data: null, isPrivate };
}

// The request's headers, in the order in which curl sends them. `kept` are the cookies of a jar.
export function headersOf({ address, data, isPrivate }, options, kept) {
  const own = ownHeaders(options, isPrivate);
  const given = new Set(own.map(([name]) => lower(name)));
  const isHost = ([name]) => lower(name) === "host";
  const usual = [
    ["Host", address.host],
    ["Authorization", login(address.user ?? (isPrivate ? options.user : null))],
    ["User-Agent", bytesAsText(options.userAgent ?? USER_AGENT)],
    ["Accept", "*/*"],
    ["Referer", bytesAsText(options.referer ?? "")],
    ["Cookie", [kept, options.cookies.join(";")].filter(Boolean).join("; ")],
  ];
  const length = [
    ["Content-Length", `${new TextEncoder().encode(data ?? "").length}`],
    ["Content-Type", FORM],
  ];
  return [
    ...own.filter(isHost),
    ...usual.filter(([name, value]) => value && !given.has(lower(name))),
    ...own.filter((header) => !isHost(header)),
    ...(data === null ? [] : length.filter(([name]) => !given.has(lower(name)))),
  ].filter(([, value]) => value !== null);
}

function ownHeaders({ headers, json }, isPrivate) {
  const allowed = headers.filter(([name]) => isPrivate || !PRIVATE.includes(lower(name)));
  const isGiven = ([name]) => headers.some(([other]) => lower(other) === lower(name));
  return json ? [...allowed, ...JSON_HEADERS.filter((header) => !isGiven(header))] : allowed;
}

function login(user) {
  return user ? `Basic ${btoa(bytesAsText(user))}` : "";
}

function lower(name) {
  return name.toLowerCase();
}
