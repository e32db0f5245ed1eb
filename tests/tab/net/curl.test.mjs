// The curl line, where it is not compared with the real one: what a page has and has not, and
// conversations.

import assert from "node:assert/strict";
import test from "node:test";

import { CookieJar } from "../../../slides/tab/net/cookies.js";
import { curl } from "../../../slides/tab/net/curl.js";
import { closing, Peer, plain } from "./peer.mjs";
import { shown, terminal } from "./terminal.mjs";
import { answering, heardRequest, withServer } from "./wire.mjs";

const OK = "HTTP/1.1 200 OK\r\n\r\n";

async function complaint(...words) {
  const context = terminal();
  const status = await curl(words, context);
  return `${status}: ${context.err}`;
}

test("only this page's machine can be asked", async () => {
  const said = /^6: curl: \(6\) Could not resolve host: example.com \(this page has only its own/;
  assert.match(await complaint("http://example.com:8888/"), said);
  assert.match(await complaint("-s", "example.com"), /^6: $/);
});

test("each of this machine's names is known", async () => {
  const asked = [];
  const connect = (hostname, port) => {
    asked.push([hostname, port]);
    throw new Error("nobody");
  };
  const names = ["localhost", "127.0.0.1:1", "[::1]:2", "0.0.0.0:3", "LocalHost:4"];
  const context = terminal({ connect });
  assert.equal(await curl(names, context), 7);
  assert.deepEqual(asked, [
    ["localhost", 80],
    ["127.0.0.1", 1],
    ["[::1]", 2],
    ["0.0.0.0", 3],
    ["localhost", 4],
  ]);
  const last = /curl: \(7\) Failed to connect to localhost port 4 after \d+ ms: Could not .*\n$/;
  assert.match(context.err, last);
});

test("what a page cannot do is said", async () => {
  assert.match(await complaint("-d", "@form", "localhost"), /^26: .*@form is a file/);
  assert.match(await complaint("--data-urlencode", "a@form", "localhost"), /^26: /);
  assert.match(await complaint("--json", "@form", "localhost"), /^26: /);
  assert.match(await complaint("-o", "page.html", "localhost"), /^23: .*keeps no files/);
  assert.match(await complaint("-u", "me", "localhost"), /^2: .*cannot ask for a password/);
  assert.match(await complaint("https://localhost/"), /^35: .*no TLS/);
  assert.match(await complaint("-X", "A B", "http://localhost:1"), /^7: /);
});

test("an unknown option is answered with those there are", async () => {
  const said = await complaint("--nonsense", "localhost");
  assert.match(said, /^2: curl: option --nonsense: is unknown\ncurl: known here are -A .* -X\n$/);
  assert.match(await complaint("--silent=yes", "localhost"), /--silent=yes: is unknown/);
});

test("help shows every option", async () => {
  const context = terminal();
  assert.equal(await curl(["-h"], context), 0);
  for (const option of ["-i, --include", "--data-urlencode <data>", "ws://", "-X, --request"]) {
    assert.ok(context.out.includes(option), option);
  }
  assert.ok(context.out.split("\n").every((line) => line.length <= 100));
});

test("a long option's value may follow an =", async () => {
  await withServer(
    async (socket) => {
      const [, body] = (await heardRequest(socket)).split("\r\n\r\n");
      socket.end(`${OK}${body}`);
    },
    async ({ port }) => {
      const context = terminal();
      await curl(["--data=a=1", `--url=localhost:${port}`], context);
      assert.equal(context.out, "a=1");
    },
  );
});

test("a method that cannot be sent is refused", async () => {
  await withServer(answering(OK), async ({ port }) => {
    assert.match(await complaint("-X", "A B", `localhost:${port}`), /^43: .*"A B" is not a method/);
  });
});

test("what is shown slowly is asked for slowly", async () => {
  await withServer(answering(`${OK}${"x".repeat(100_000)}`), async ({ port }) => {
    let busy = 0;
    let most = 0;
    const write = async () => {
      busy += 1;
      most = Math.max(most, busy);
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
    };
    assert.equal(await curl([`localhost:${port}`], terminal({ write })), 0);
    assert.equal(most, 1);
  });
});

test("without a place for complaints they stand among the rest", async () => {
  const context = terminal({ writeError: undefined });
  delete context.writeError;
  assert.equal(await curl(["localhost:1"], context), 7);
  assert.match(context.out, /^curl: \(7\)/);
});

test("Ctrl-C ends it with 130, without a word, and hangs up", async () => {
  let left;
  const gone = new Promise((resolve) => (left = resolve));
  const abort = new AbortController();
  await withServer(
    async (socket) => {
      await heardRequest(socket);
      socket.resume().on("end", left);
      socket.write(`${OK}begun`);
    },
    async ({ port }) => {
      const context = terminal({ signal: abort.signal });
      const running = curl([`localhost:${port}`, "localhost:1"], context);
      await shown(context, "begun");
      abort.abort();
      assert.equal(await running, 130);
      assert.equal(context.err, "");
      await gone;
    },
  );
});

test("jars are kept by name, and -c writes a new one", async () => {
  const answer = (request) => {
    const name = /GET \/(\w+)/.exec(request)[1];
    return `HTTP/1.1 200 OK\r\nSet-Cookie: ${name}=1\r\n\r\n${/Cookie: (.*)/.exec(request)?.[1]}\n`;
  };
  await withServer(
    async (socket) => socket.end(answer(await heardRequest(socket))),
    async ({ port }) => {
      const context = terminal({ jar: new CookieJar() });
      for (const line of ["-c one /a", "-c two /b", "-b one /c", "-b one -b two /d", "-c two /e"]) {
        const words = line.split(" ");
        await curl([...words.slice(0, -1), `localhost:${port}${words.at(-1)}`], context);
      }
      await curl(["-b", "two", `localhost:${port}/f`], context);
      const sent = context.out.replaceAll("\r", "").split("\n");
      assert.deepEqual(sent, ["undefined", "undefined", "a=1", "a=1; b=1", "undefined", "e=1", ""]);
    },
  );
});

// Runs `act(context, peer)` while curl talks over a websocket; gives the status.
async function talked(words, act, options = {}) {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  const context = terminal(options);
  const status = await withServer(
    async (socket) => open(new Peer(socket, await heardRequest(socket))),
    async ({ port }) => {
      const running = curl([...words, `ws://localhost:${port}/talk`], context);
      const peer = await opened;
      peer.accept();
      await act(context, peer);
      return running;
    },
  );
  return { status, out: context.out, err: context.err };
}

test("messages of a websocket are lines, and lines are messages", async () => {
  const { status, out, err } = await talked(["-H", "X: 1"], async (context, peer) => {
    assert.match(peer.request, /^GET \/talk HTTP\/1\.1\r\nHost: localhost:\d+\r\n/);
    assert.match(peer.request, /\r\nX: 1\r\n/);
    assert.equal(peer.request.match(/^host:/gim).length, 1);
    context.type("hello\nwörld\n");
    assert.equal((await peer.frame()).payload.toString(), "hello");
    assert.equal((await peer.frame()).payload.toString(), "wörld");
    context.type("no line's end");
    assert.equal((await peer.frame()).payload.toString(), "no line's end");
    peer.send(plain(0x81, "öne"));
    peer.send(plain(0x82, [0, 255]));
    peer.socket.end(closing(1000));
  });
  assert.deepEqual([status, out, err], [0, "öne\n(2 bytes: 00 ff)\n", ""]);
});

test("Ctrl-C closes a websocket with code 1000", async () => {
  const abort = new AbortController();
  const { status, err } = await talked([], async (context, peer) => {
    peer.send(plain(0x81, "there"));
    await shown(context, "there");
    abort.abort();
    assert.equal((await peer.frame()).payload.readUInt16BE(), 1000);
    peer.socket.end(closing(1000));
  }, { signal: abort.signal });
  assert.deepEqual([status, err], [130, ""]);
});

test("a websocket that the server closes for a reason tells it", async () => {
  const { status, err } = await talked([], async (context, peer) => {
    peer.socket.end(closing(4001, "as you wish"));
  });
  assert.equal(status, 56);
  assert.equal(err, "curl: (56) The server closed the websocket: 4001 as you wish\n");
});

test("a websocket that breaks off tells it", async () => {
  const { status, err } = await talked([], async (context, peer) => void peer.socket.end());
  assert.equal(status, 56);
  assert.equal(err, "curl: (56) The connection ended without a close frame.\n");
});

test("--max-time ends a websocket, and -v shows its opening", async () => {
  const { status, err } = await talked(["-v", "-m", "0.05"], async (context, peer) => {
    assert.equal((await peer.frame()).payload.readUInt16BE(), 1000);
    peer.socket.end(closing(1000));
  });
  assert.equal(status, 28);
  assert.match(err, /> Upgrade: websocket\r\n.*< HTTP\/1\.1 101 Switching Protocols\r\n/s);
  assert.match(err, /\ncurl: \(28\) Operation timed out after \d+ milliseconds with 0 bytes .*\n$/);
});

test("a page that is no websocket ends it with 22", async () => {
  await withServer(answering("HTTP/1.1 404 Not Found\r\n\r\nno"), async ({ port }) => {
    const said = "22: curl: (22) The server opens no websocket: 404 Not Found.\n";
    assert.equal(await complaint(`ws://localhost:${port}/`), said);
  });
});

test("telnet sends lines and shows bytes until the server hangs up", async () => {
  await withServer(
    (socket) => {
      socket.write("name? ");
      socket.once("data", (line) => socket.end(`hello, ${line}`));
    },
    async ({ port }) => {
      const context = terminal();
      const running = curl([`telnet://localhost:${port}`], context);
      await shown(context, "name?");
      context.type("Ada");
      assert.equal(await running, 0);
      assert.equal(context.out, "name? hello, Ada\n");
    },
  );
});

test("Ctrl-C ends telnet, and the server sees the end", async () => {
  const abort = new AbortController();
  let left;
  const gone = new Promise((resolve) => (left = resolve));
  await withServer(
    (socket) => void socket.resume().on("end", left).write("there"),
    async ({ port }) => {
      const context = terminal({ signal: abort.signal });
      const running = curl([`telnet://localhost:${port}`], context);
      await shown(context, "there");
      abort.abort();
      assert.equal(await running, 130);
      await gone;
    },
  );
});

test("who listens no more lets the typist know", async () => {
  const read = [];
  const input = new ReadableStream({ cancel: () => void read.push("cancelled") });
  await withServer((socket) => void socket.end(), async ({ port }) => {
    assert.equal(await curl([`telnet://localhost:${port}`], terminal({ input })), 0);
    assert.deepEqual(read, ["cancelled"]);
  });
});
