// Runs in the page of bench_tab.py; bundled with the runtime it measures.

import { Host, keepSpare, openGateway } from "../../slides/tab/main.js";
import { request } from "../../slides/tab/net/http.js";
import { rates } from "./rates.js";

const ECHO = `
import asyncio, tornado.web, tornado.websocket
class Page(tornado.web.RequestHandler):
    def get(self): self.write("<!doctype html><title>echo</title>")
class Echo(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        if message.startswith("send "):
            for _ in range(int(message[5:])): self.write_message("x" * 100)
        else: self.write_message(message)
async def main():
    tornado.web.Application([("/", Page), ("/echo", Echo)]).listen(8888)
    await asyncio.Event().wait()
asyncio.run(main())
`;
let last = 0;

function shown(frame, address) {
  return new Promise((resolve) => {
    frame.onload = resolve;
    frame.src = address;
  });
}

async function start(module, files = {}) {
  const host = new Host(`bench-${++last}`);
  const process = host.start(module, { files });
  await Promise.all([openGateway(), host.whenListening(8888, process)]);
  const frame = document.body.appendChild(document.createElement("iframe"));
  await shown(frame, host.urlOf(8888));
  return { host, process, frame };
}

async function timed(act) {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

window.bench = {
  first: async () => {
    let program;
    const ms = await timed(async () => (program = await start("demos.hello")));
    await program.host.stop();
    return ms;
  },

  // Until a spare interpreter is there, as it is when somebody has run a program before.
  spare: async () => {
    keepSpare();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return window.bench.first();
  },

  edit: async (source) => {
    const { host, process, frame } = await start("demos.hello");
    await new Promise((resolve) => setTimeout(resolve, 4000)); // somebody types meanwhile
    const ms = await timed(async () => {
      await process.stop();
      const again = host.start("demos.hello", { files: { "demos/hello.py": source } });
      await host.whenListening(8888, again);
      await shown(frame, host.urlOf(8888));
    });
    const said = frame.contentDocument.body.textContent;
    await host.stop();
    return { ms, said };
  },

  fetches: async (count) => {
    const { host, frame } = await start("demos.hello");
    const through = [];
    for (let i = 0; i < count; i++) {
      through.push(await timed(async () => (await frame.contentWindow.fetch("/")).text()));
    }
    const straight = [];
    for (let i = 0; i < count; i++) {
      straight.push(await timed(async () => {
        const headers = [["Host", "localhost:8888"]];
        const response = await request(host.connect(8888), { method: "GET", path: "/", headers });
        await new Response(response.body).text();
      }));
    }
    await host.stop();
    return { through, straight };
  },

  sockets: async (count) => {
    const { host, frame } = await start("echo", { "echo.py": ECHO });
    const found = await rates(count, frame.contentWindow, "/echo");
    await host.stop();
    return found;
  },
};
