// Connections for the tests: to real servers on real sockets, and scripted ones.

import { once } from "node:events";
import net from "node:net";
import { promisify } from "node:util";

// A connection to a port of this machine, as a host's would be.
export async function connectTo(port, host = "127.0.0.1") {
  const socket = net.connect(port, host);
  await once(socket, "connect");
  socket.on("error", () => {}); // the streams tell it
  const close = () => void socket.destroy();
  return { readable: readableOf(socket), writable: writableOf(socket), close, socket };
}

// Node's own Duplex.toWeb() throws where a socket is destroyed after its writing side has ended.
function readableOf(socket) {
  const bytes = socket[Symbol.asyncIterator]();
  const pull = async (controller) => {
    const { done, value } = await bytes.next();
    if (done) controller.close();
    else controller.enqueue(new Uint8Array(value));
  };
  return new ReadableStream({ pull, cancel: () => void socket.destroy() }, { highWaterMark: 0 });
}

function writableOf(socket) {
  const write = promisify(socket.write).bind(socket);
  return new WritableStream({
    write: (bytes) => write(bytes),
    close: () => void socket.end(),
    abort: () => void socket.destroy(),
  });
}

// Runs `test({port, connect})` beside a server that gives each socket to `talk`.
export async function withServer(talk, test) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // clients leave as they like
    talk(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const open = [];
  const connect = async () => {
    const connection = await connectTo(port);
    open.push(connection);
    return connection;
  };
  try {
    return await test({ port, connect });
  } finally {
    for (const connection of open) connection.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

// Gives what came up to the end of a request's headers, and what came of its body.
export function heardRequest(socket) {
  return new Promise((resolve) => {
    let heard = "";
    socket.on("data", function listen(bytes) {
      heard += bytes.toString("latin1");
      const end = heard.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(heard)?.[1] ?? 0);
      if (heard.length < end + 4 + length) return;
      socket.off("data", listen);
      socket.pause();
      resolve(heard);
    });
  });
}

// A server that answers every request with these bytes and hangs up.
export function answering(answer) {
  return async (socket) => {
    await heardRequest(socket);
    socket.end(Buffer.from(answer, "latin1"));
  };
}

// A connection without a server: it brings `pieces` one by one, each when it is asked for.
export function scripted(pieces) {
  const left = [...pieces];
  const connection = { sent: "", pulls: 0, closed: false };
  connection.readable = new ReadableStream(
    {
      pull(controller) {
        connection.pulls += 1;
        if (left.length) controller.enqueue(Buffer.from(left.shift(), "latin1"));
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  connection.writable = new WritableStream({
    write: (bytes) => void (connection.sent += Buffer.from(bytes).toString("latin1")),
  });
  connection.close = () => void (connection.closed = true);
  return connection;
}

export async function text(stream) {
  return Buffer.concat(await pieces(stream)).toString("latin1");
}

export async function pieces(stream) {
  const found = [];
  for await (const piece of stream) found.push(piece);
  return found;
}
