// The addresses of the curl line. They are kept as they were typed, as curl does: a browser's URL
// would change their letters.

import { CurlError } from "./curl-error.js";

const PORTS = { http: 80, ws: 80, wss: 443, telnet: 23 };
const OWN_NAMES = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];
const SCHEME = /^(?:([a-z][a-z\d+.-]*):\/\/)?/i;
const REST = /^(?:([^/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::([^/?#]*))?(.*)$/s; // user@host:port/path
const UNSUPPORTED = 1;
const MALFORMED = 3;
const UNKNOWN_HOST = 6;
const NO_TLS = 35;

// Gives {url, scheme, user, hostname, host, port, path}; `host` is with the port, where it is not
// the usual one, `user` is "user:password" or null. Throws a CurlError for what cannot be asked.
export function parseAddress(text) {
  if (/[\0- \x7f]/.test(text)) throw malformed("Malformed input to a URL function");
  const [start, scheme] = SCHEME.exec(text);
  const [, user, hostname, port, rest] = REST.exec(text.slice(start.length));
  const [path] = rest.split("#");
  const address = {
    url: scheme ? text : `http://${text}`,
    scheme: (scheme ?? "http").toLowerCase(),
    user: user === undefined ? null : unquoted(user),
    hostname: hostname.toLowerCase(),
    path: path.startsWith("/") ? withoutDots(path) : `/${path}`,
  };
  refuseScheme(address.scheme);
  if (!hostname) throw malformed("No host part in the URL");
  address.port = portOf(port, address.scheme);
  address.host = hostname + (address.port === PORTS[address.scheme] ? "" : `:${address.port}`);
  refuseHost(address.hostname);
  return address;
}

// Where a redirect leads, as an address to parse.
export function absolute(location, { scheme, host, path }) {
  if (SCHEME.exec(location)[1]) return location;
  if (location.startsWith("//")) return `${scheme}:${location}`;
  const [asked] = path.split("?");
  if (location.startsWith("/")) return `${scheme}://${host}${location}`;
  if (location.startsWith("?")) return `${scheme}://${host}${asked}${location}`;
  return `${scheme}://${host}${asked.slice(0, asked.lastIndexOf("/") + 1)}${location}`;
}

function unquoted(user) {
  try {
    return decodeURIComponent(user);
  } catch {
    throw malformed("Bad user name or password");
  }
}

function portOf(text, scheme) {
  if (!text) return PORTS[scheme];
  if (/^\d+$/.test(text) && Number(text) < 2 ** 16) return Number(text);
  throw malformed("Port number was not a decimal number between 0 and 65535");
}

function withoutDots(path) {
  const [, folders, query] = /^([^?]*)(.*)$/s.exec(path);
  const kept = [];
  const parts = folders.split("/").slice(1);
  parts.forEach((part, index) => {
    if (part === "..") kept.pop();
    else if (part !== ".") kept.push(part);
    const isLast = index === parts.length - 1;
    if (isLast && (part === "." || part === "..")) kept.push("");
  });
  return `/${kept.join("/")}${query}`;
}

function refuseScheme(scheme) {
  if (Object.hasOwn(PORTS, scheme)) return;
  if (scheme === "https") throw new CurlError(NO_TLS, "There is no TLS in this page: say http://");
  throw new CurlError(UNSUPPORTED, `Protocol "${scheme}" not supported`);
}

function refuseHost(name) {
  if (OWN_NAMES.includes(name)) return;
  const why = "this page has only its own machine, localhost";
  throw new CurlError(UNKNOWN_HOST, `Could not resolve host: ${name} (${why})`);
}

function malformed(why) {
  return new CurlError(MALFORMED, `URL rejected: ${why}`);
}
