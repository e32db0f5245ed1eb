// Node's `ws`, as its documentation has it: a loop of send over its clients.

const { WebSocketServer, WebSocket } = require("ws");

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  backlog: 2048,
  perMessageDeflate: false,
});

server.on("connection", (client) => {
  client.on("error", () => {});
  client.on("message", (data) => {
    for (const each of server.clients) {
      if (each.readyState === WebSocket.OPEN) each.send(data, { binary: false });
    }
  });
});

server.on("listening", () => console.log("ready"));
