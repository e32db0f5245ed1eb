// The opening handshake of a websocket (RFC 6455, 4), the client's part.

import { valueOf } from "./head.js";
import { request } from "./http.js";
import { bytesOf, textOf } from "./incoming.js";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const SWITCHING = 101;

// The server answered with something else than a websocket: the error is the HTTP response, too.
export class WebSocketRefused extends Error {
  constructor(message, response) {
    super(message);
    Object.assign(this, response);
  }
}

// Asks for a websocket and gives the response, whose body is what the server sends then, and the
// protocol it chose: {response, protocol}. Rejects with WebSocketRefused.
export async function handshake(connection, options) {
  const key = btoa(textOf(crypto.getRandomValues(new Uint8Array(16))));
  const headers = offer(options, key);
  const response = await request(connection, { ...options, method: "GET", body: null, headers });
  const trouble = await mismatch(response, key, options.protocols ?? []);
  if (!trouble) return { response, protocol: valueOf(response.headers, PROTOCOL) ?? "" };
  if (response.status === SWITCHING) response.body.cancel();
  throw new WebSocketRefused(trouble, response);
}

const PROTOCOL = "sec-websocket-protocol";

function offer({ host, headers = [], protocols = [] }, key) {
  return [
    ["Host", host],
    ...headers,
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Version", "13"],
    ...(protocols.length ? [["Sec-WebSocket-Protocol", protocols.join(", ")]] : []),
  ];
}

// What is wrong with the server's answer, as a sentence; "" for nothing.
async function mismatch({ status, reason, headers }, key, protocols) {
  const said = (name) => (valueOf(headers, name) ?? "").toLowerCase();
  if (status !== SWITCHING) return `The server opens no websocket: ${status} ${reason}.`;
  if (said("upgrade") !== "websocket" || !said("connection").includes("upgrade")) {
    return "The server switches to something else than a websocket.";
  }
  const accept = await accepted(key);
  if (accept && valueOf(headers, "sec-websocket-accept") !== accept) {
    return "The server's Sec-WebSocket-Accept does not belong to the key.";
  }
  if (said("sec-websocket-extensions")) return "The server uses an extension nobody asked for.";
  const protocol = valueOf(headers, PROTOCOL);
  if (protocol === null || protocols.includes(protocol)) return "";
  return `The server chose the protocol ${protocol}, which was not offered.`;
}

// What the server makes of the key; null in a page that may not hash (not HTTPS, not localhost).
async function accepted(key) {
  const hash = await globalThis.crypto.subtle?.digest("SHA-1", bytesOf(key + MAGIC));
  return hash ? btoa(textOf(new Uint8Array(hash))) : null;
}
