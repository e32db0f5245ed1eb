// How the curl line reaches a port.

import { CurlError } from "./curl-error.js";

const CANNOT_CONNECT = 7;

export async function connected({ hostname, port }, { context, output, facts }) {
  output.note(`  Trying 127.0.0.1:${port}...`);
  const started = performance.now();
  try {
    const connection = await context.connect(hostname, port);
    output.note(`Connected to ${hostname} (127.0.0.1) port ${port} (#0)`);
    facts.port = port;
    return connection;
  } catch {
    const after = `port ${port} after ${Math.round(performance.now() - started)} ms`;
    const message = `Failed to connect to ${hostname} ${after}: Could not connect to server`;
    throw new CurlError(CANNOT_CONNECT, message);
  }
}
