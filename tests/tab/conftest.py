"""What the tests of the tab share: a page in Chromium that runs programs."""

import base64
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, sync_playwright

from slides.build import tab as build

PAGE = Path(__file__).parent / "page"
TIMEOUT = 60  # seconds for a program, on a machine that is busy with others


Files = Mapping[str, str | bytes]


class Ran(NamedTuple):
    """How a program ended, and what it had printed: both streams in their order."""

    status: int
    output: str


@dataclass(frozen=True)
class Program:
    """A program to run.

    `beside` are other programs of the same host, each with the port it listens on before the next
    one starts; they are killed at the end. Ctrl-C is pressed when the program has said
    `interrupt_at`. It may take `timeout` seconds.
    """

    module: str
    argv: Sequence[str] = ()
    files: Files = field(default_factory=dict)
    beside: Mapping[str, int] = field(default_factory=dict)
    interrupt_at: str = ""
    timeout: float = TIMEOUT

    def job(self) -> dict[str, Any]:
        """The same, for the page."""
        return {
            "module": self.module,
            "argv": list(self.argv),
            "files": {
                name: content if isinstance(content, str) else {"base64": as_base64(content)}
                for name, content in self.files.items()
            },
            "beside": dict(self.beside),
            "interruptAt": self.interrupt_at,
            "milliseconds": self.timeout * 1000,
        }


def as_base64(content: bytes) -> str:
    """One string: of a list of numbers, Playwright makes an object each."""
    return base64.b64encode(content).decode()


class Tab:
    """A page whose programs run as those of a panel do."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(
        self, module: str, argv: Sequence[str] = (), files: Files | None = None, **more: Any
    ) -> Ran:
        """Run `python -m module argv…` in a tab with these files beside the talk's.

        More can be said as `Program` has it.
        """
        return self.run_all(Program(module, argv, files or {}, **more))[0]

    def run_all(self, *programs: Program) -> list[Ran]:
        """Run programs at the same time, each on a host of its own."""
        self.page.set_default_timeout((max(each.timeout for each in programs) + TIMEOUT) * 1000)
        jobs = [each.job() for each in programs]
        ended = self.page.evaluate("jobs => Promise.all(jobs.map(run))", jobs)
        for ran in ended:
            assert not ran["reason"], ran["reason"]
            assert ran["status"] is not None, f"it did not end:\n{ran['output']}"
        return [Ran(ran["status"], ran["output"]) for ran in ended]


@pytest.fixture(scope="session")
def tab_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of what a deck has for its tabs, on a plain static server."""
    folder = tmp_path_factory.mktemp("tab")
    build.write(folder)
    shutil.copytree(build.TAB, folder / "tab", ignore=shutil.ignore_patterns("*.py", "*.css"))
    shutil.copytree(PAGE, folder / "page")
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def tab(tab_site: str, needs: Callable[[str], None]) -> Iterator[Tab]:
    """A page in a headless Chromium that runs programs: `tab.run("demos.hello")`."""
    needs("chromium")
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{tab_site}page/")
        page.wait_for_function("() => window.run")
        yield Tab(page)
        browser.close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and tells nobody."""

    def log_message(self, *arguments: object) -> None:
        pass
