"""A stock Firefox for tests: `with Firefox.open() as firefox`, in the manner of Playwright.

Playwright itself drives a Firefox of its own making; to a stock one it sends, for every page, a
method that Debian's does not have yet (emulation.setMediaFeaturesOverride, in ESR 153).
"""

import base64
import contextlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import keys
from .bidi import FirefoxError, PageLeft, Run, Session, loop_in_a_thread, start

PATIENCE = 30  # seconds, on a machine that is busy with others
START = 60
# Looks until something is true; what goes wrong meanwhile is told when the time is over.
WAIT = """
    const until = performance.now() + %d;
    let problem;
    for (;;) {
      try {
        const value = await (%s
        );
        if (value) return {value};
        problem = `it is ${JSON.stringify(value)}`;
      } catch (error) {
        problem = String(error);
      }
      if (performance.now() > until) return {problem};
      await new Promise((resume) => setTimeout(resume, 50));
    }
"""
# The middle of an element, once it stands still and nothing is in front of it.
PLACE = """(async (selector) => {
    const element = document.querySelector(selector);
    if (!element) throw new Error("there is none");
    element.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"});
    const middle = () => {
      const box = element.getClientRects()[0];
      return [Math.floor(box.x + box.width / 2), Math.floor(box.y + box.height / 2)];
    };
    const before = middle();
    await new Promise((resume) => setTimeout(resume, 50));
    const after = middle();
    const front = document.elementFromPoint(...after);
    if (!element.contains(front)) throw new Error(`in front of it is ${front?.outerHTML}`);
    return String(before) === String(after) && after;
})(%s)"""


class Frame:
    """A document that is shown: a page's own, or one in a frame of it."""

    def __init__(self, session: Session, run: Run, context: str, tab: str) -> None:
        self._session = session
        self._run = run
        self._context = context
        self._tab = tab

    def evaluate(self, expression: str, timeout: float = PATIENCE) -> Any:
        """What an expression of JavaScript is, when awaited, as JSON; FirefoxError if it throws."""
        answer = self._call(
            "script.evaluate",
            timeout,
            expression=f"(async () => JSON.stringify(await ({expression}\n)))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise FirefoxError(f"{answer['exceptionDetails']['text']}, in {expression}")
        return json.loads(answer["result"].get("value", "null"))

    def wait_for(self, expression: str, timeout: float = PATIENCE) -> Any:
        """Wait until an expression is true, in whatever document comes; give what it is.

        One that throws is not true yet.
        """
        return self._wait(expression, timeout, expression)

    def click(self, selector: str) -> None:
        """Click in the middle of an element, once it is there and nothing is in front of it."""
        x, y = self._wait(PLACE % json.dumps(selector), PATIENCE, f"click on {selector}")
        move = {"type": "pointerMove", "x": x, "y": y}
        press = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        self._act("pointer", [move, *press])

    def type(self, selector: str, text: str) -> None:
        """Click on an element, and type what is in `text` there, one key after the other."""
        self.click(selector)
        self._act("key", keys.type_in(text))

    def press(self, key: str) -> None:
        """Press a key: `"ArrowRight"`, `"a"`, or several at a time as in `"Control+Enter"`."""
        self._act("key", keys.press(key))

    def _wait(self, expression: str, timeout: float, what: str) -> Any:
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            look = WAIT % (left * 1000, expression)
            with contextlib.suppress(PageLeft):
                found = self.evaluate(f"(async () => {{{look}}})()", left + PATIENCE)
                if "problem" in found:
                    raise FirefoxError(f"{what}: {found['problem']}, after {timeout:g} s")
                return found.get("value")
        raise FirefoxError(f"{what}: the page was left again and again in {timeout:g} s")

    def _act(self, device: str, actions: list[dict[str, Any]]) -> None:
        self._call("browsingContext.activate", context=self._tab)
        acts = [{"type": device, "id": device, "actions": actions}]
        self._call("input.performActions", context=self._context, actions=acts)

    def _call(self, method: str, timeout: float = PATIENCE, **params: Any) -> dict[str, Any]:
        return self._run(self._session.call(method, **params), timeout, method)


class Page(Frame):
    """A tab, with cookies and a storage of its own."""

    def goto(self, url: str, timeout: float = PATIENCE) -> None:
        """Open an address, and wait until it has loaded."""
        to = {"context": self._tab, "url": url, "wait": "complete"}
        self._call("browsingContext.navigate", timeout, **to)

    def frame(self, url_contains: str, timeout: float = PATIENCE) -> Frame:
        """The frame whose address contains a text, once there is one, at any depth."""
        until = time.monotonic() + timeout
        while True:
            tree = self._call("browsingContext.getTree", root=self._tab)["contexts"][0]
            for context, url in frames(tree):
                if url_contains in url:
                    return Frame(self._session, self._run, context, self._tab)
            if time.monotonic() > until:
                urls = [url for _, url in frames(tree)]
                raise FirefoxError(f"after {timeout:g} s no frame has {url_contains!r}: {urls}")
            time.sleep(0.05)  # there is no event for all that changes the tree

    def set_viewport(self, width: int, height: int) -> None:
        """Give the page this size, in CSS pixels."""
        viewport = {"width": width, "height": height}
        self._call("browsingContext.setViewport", context=self._tab, viewport=viewport)

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen of the page to a PNG file."""
        taken = self._call("browsingContext.captureScreenshot", context=self._tab)
        path.write_bytes(base64.b64decode(taken["data"]))

    def close(self) -> None:
        """Close it, and forget its cookies, its storage and its service workers."""
        tree = self._call("browsingContext.getTree", root=self._tab)["contexts"][0]
        self._call("browser.removeUserContext", userContext=tree["userContext"])

    @property
    def requests(self) -> list[str]:
        """The addresses that the page, its frames and its workers asked for so far.

        Firefox does not tell those of a service worker.
        """
        told = self._told("network.beforeRequestSent")
        return [params["request"]["url"] for params in told]

    @property
    def errors(self) -> list[str]:
        """What was thrown and not caught so far, and written with `console.error`."""
        told = self._told("log.entryAdded")
        return [str(params["text"]) for params in told if params["level"] == "error"]

    def _told(self, method: str) -> list[dict[str, Any]]:
        self.wait_for("true")  # what comes before this answer was told before it
        ours, found = {self._tab}, []
        for name, params in list(self._session.news):
            if name == "browsingContext.contextCreated":
                if {params["parent"], params["originalOpener"]} & ours:
                    ours.add(params["context"])
            elif name == method and params.get("source", params).get("context") in ours:
                found.append(params)
        return found


class Firefox:
    """A stock Firefox without a window, with a profile and a home of its own."""

    def __init__(self, session: Session, run: Run) -> None:
        self._session = session
        self._run = run

    @classmethod
    @contextlib.contextmanager
    def open(cls, program: str = "firefox-esr") -> Iterator["Firefox"]:
        """Start it; at the end it is killed, with all it started, and its files are removed."""
        with (
            tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as folder,
            loop_in_a_thread() as run,
        ):
            started = start(program, Path(folder))
            session = run(started.__aenter__(), START, "to start Firefox")
            try:
                yield cls(session, run)
            finally:
                run(started.__aexit__(None, None, None), START, "to end Firefox")

    def new_page(self, width: int = 1280, height: int = 720) -> Page:
        """An empty page of this size, in CSS pixels."""
        user = self._call("browser.createUserContext")["userContext"]
        created = self._call("browsingContext.create", type="tab", userContext=user)
        page = Page(self._session, self._run, created["context"], created["context"])
        page.set_viewport(width, height)
        return page

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._run(self._session.call(method, **params), PATIENCE, method)


def frames(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The contexts and addresses of all frames below a context."""
    for child in tree["children"]:
        yield child["context"], child["url"]
        yield from frames(child)
