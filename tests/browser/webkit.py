"""A stock WebKit for tests: WebKitGTK's small browser, told what to do over WebDriver.

It has no way to run without a screen, so it gets one in memory. The commands are described at
https://www.w3.org/TR/webdriver2/; they tell nothing of requests and of errors in the console.
"""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from ..conftest import find_free_ports
from . import keys

PATIENCE = 30  # seconds, on a machine that is busy with others
SCREEN = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24"]
BROWSER = "webkitgtk:browserOptions"
# Looks until something is true; what goes wrong meanwhile is told when the time is over.
WAIT = """
    const until = performance.now() + %d;
    for (;;) {
      let value, problem;
      try {
        value = await (%s
        );
      } catch (error) {
        problem = String(error);
      }
      if (value) return value;
      if (performance.now() > until) throw new Error(problem ?? `it is ${JSON.stringify(value)}`);
      await new Promise((resume) => setTimeout(resume, 50));
    }
"""


class WebKitError(Exception):
    """WebKit did not do it; the text says why."""


class PageLeft(WebKitError):
    """The document was left before it had an answer."""


class WebKit:
    """A running WebKit with one page: `with WebKit.open() as page`."""

    def __init__(self, driver: str) -> None:
        self._session = driver
        wanted = {BROWSER: {"args": ["--automation"]}}
        begun = self._call("POST", "session", capabilities={"alwaysMatch": wanted})
        self._session = f"{driver}/session/{begun['sessionId']}"

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator["WebKit"]:
        """Start it; at the end it is killed, with all it started, and its files are removed."""
        with (
            tempfile.TemporaryDirectory(prefix="webkit-", ignore_cleanup_errors=True) as folder,
            running(SCREEN, os.environ, stdout=subprocess.PIPE) as screen,
        ):
            display = f":{screen.stdout.readline().decode().strip()}"
            home = {"DISPLAY": display, "HOME": folder, "XDG_RUNTIME_DIR": folder}
            port = find_free_ports()
            command = ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"]
            with running(command, os.environ | home, stdout=subprocess.DEVNULL) as driver:
                wait_until_it_listens(port, driver)
                yield cls(f"http://127.0.0.1:{port}")

    def goto(self, url: str) -> None:
        """Open an address, and wait until it has loaded."""
        self._call("POST", "url", url=url)

    def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript is, when awaited, as JSON; WebKitError if it throws."""
        return self._execute(f"return await ({expression}\n)")

    def wait_for(self, expression: str, timeout: float = PATIENCE / 2) -> Any:
        """Wait until an expression is true, in whatever document comes; give what it is.

        One that throws is not true yet.
        """
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(PageLeft):
                return self._execute(WAIT % (left * 1000, expression))
        raise WebKitError(f"the page was left again and again in {timeout:g} s")

    def press(self, key: str) -> None:
        """Press a key: `"ArrowRight"`, `"a"`, or several at a time as in `"Control+Enter"`."""
        acts = [{"type": "key", "id": "keyboard", "actions": keys.press(key)}]
        self._call("POST", "actions", actions=acts)

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen of the page to a PNG file."""
        path.write_bytes(base64.b64decode(self._call("GET", "screenshot")))

    def _execute(self, script: str) -> Any:
        whole = f"return (async () => {{ {script} }})()"
        return self._call("POST", "execute/sync", script=whole, args=[])

    def _call(self, method: str, command: str, **params: Any) -> Any:
        url = f"{self._session}/{command}"
        body = params if method == "POST" else None
        value = requests.request(method, url, json=body, timeout=PATIENCE).json()["value"]
        if isinstance(value, dict) and "error" in value:
            kind = PageLeft if value["error"] == "no such frame" else WebKitError
            raise kind(f"{value['error']}: {value['message']}")
        return value


@contextlib.contextmanager
def running(
    command: list[str], environment: dict[str, str], stdout: int
) -> Iterator[subprocess.Popen]:
    """Run a program, and kill it at the end with all it started."""
    with subprocess.Popen(
        command,
        env=environment,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_until_it_listens(port: int, process: subprocess.Popen) -> None:
    """Wait for a server that says nothing when it is there."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise WebKitError(f"{process.args[0]} did not listen on port {port}")
