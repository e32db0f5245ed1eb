"""What every test folder shares: a loop, strictness about logs, and system packages by name."""

import asyncio
import contextlib
import itertools
import logging
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop
from tornado.iostream import BaseIOStream

ROOT = Path(__file__).parents[1]
APT = ROOT / "apt.txt"
# Where a package and its program differ in name.
PROGRAMS = {"nginx-light": "nginx", "webkit2gtk-driver": "WebKitWebDriver", "xvfb": "Xvfb"}
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
PATIENCE = 20  # seconds for an asynchronous test, on a machine that is busy with others
# Below those that a system takes for outgoing connections. Of several processes that run tests
# each takes its own, one after the other, so that a port that was free is still so a second later.
FIRST_PORT, PORTS = 20_000, 2_000
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
CANDIDATES = itertools.count(random.randrange(PORTS))
TOLD = "told"  # the name of what a test wants said at the end


def pytest_configure(config: pytest.Config) -> None:
    """Give asynchronous tests more time than pytest-tornado's five seconds, and programs Ctrl-C.

    What a shell starts in the background ignores Ctrl-C, and so would every program it starts.
    """
    config.option.async_test_timeout = max(config.option.async_test_timeout, PATIENCE)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """A loop of the test's own; what is still open or under way at the end is closed.

    pytest-tornado's own fixture makes the loop current in a way that Tornado now warns about.
    """
    loop = IOLoop(make_current=False)
    asyncio.set_event_loop(loop.asyncio_loop)
    yield loop
    close_streams(loop)
    cancel_tasks(loop)
    asyncio.set_event_loop(None)
    loop.close(all_fds=True)


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on a warning or an error in the log that `tornado.testing.ExpectLog` did not expect."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    loud = [each for each in records if each.levelno >= logging.WARNING]
    assert not loud, "unexpected log records:\n" + "\n".join(
        f"{each.name}: {each.getMessage()}" for each in loud
    )


@pytest.fixture(scope="session")
def needs() -> Callable[[str], None]:
    """Skips unless a package of apt.txt is installed: `needs("chromium")`.

    With CI set, that is a failure instead.
    """
    return require


@pytest.fixture(scope="session")
def real_deck(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deck of the real notebooks, built once for all the tests that look at it."""
    from slides.build.kept import one_at_a_time  # a tab, where this file is too, has no builder

    shared = tmp_path_factory.getbasetemp()
    if hasattr(pytestconfig, "workerinput"):
        shared = shared.parent  # of the folders of all the processes that run tests
    out = shared / "real" / "deck"
    command = [sys.executable, "-m", "slides", "deck", "--out", str(out)]
    with one_at_a_time(shared / "real.lock"):
        if not out.exists():
            built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Finds a port that nobody listens on just now: `free_port()`."""
    return find_free_ports


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Has a line said at the end of the run: `tell("a figure to know")`."""
    return lambda line: record_property(TOLD, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests tell, what was skipped for want of a package, and how to un-skip it."""
    for report in terminalreporter.stats.get("passed", []):
        for line in [line for name, line in report.user_properties if name == TOLD]:
            terminalreporter.line(line)
    if commands := unskip(terminalreporter):
        terminalreporter.section("skipped, though they could run")
        terminalreporter.line(f"{len(commands)} skipped for want of a package. To run them too:")
        for command in sorted(set(commands)):
            terminalreporter.line(f"    {command}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With CI set, what was skipped for want of a package is a failure, of whichever kind."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter and unskip(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def unskip(reporter: pytest.TerminalReporter) -> list[str]:
    """The commands that would install what tests were skipped for."""
    reasons = [str(report.longrepr[-1]) for report in reporter.stats.get("skipped", [])]
    found = [re.search(r"(apt-get|pip) install \S.*", each) for each in reasons]
    return [match[0] for match in found if match]


def close_streams(loop: IOLoop) -> None:
    """Close the connections a test left open, as their owners would.

    The loop knows them only by number: were it to close them itself, the socket would close that
    number once more when it is collected, whatever has it then.
    """
    for _, handler in list(loop.handlers.values()):  # type: ignore[attr-defined]
        owner = getattr(handler, "__self__", None)
        if isinstance(owner, BaseIOStream):
            owner.close()


def cancel_tasks(loop: IOLoop) -> None:
    """Cancel what a test left under way, and let it clean up."""
    tasks = asyncio.all_tasks(loop.asyncio_loop)
    for task in tasks:
        task.cancel()
    loop.asyncio_loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def require(package: str) -> None:
    """Skip, or fail with CI set, when a package of apt.txt is not installed."""
    known = [line.split()[0] for line in APT.read_text().splitlines() if line[:1] not in ("", "#")]
    assert package in known, f"{package!r} is not in apt.txt, which has {', '.join(known)}"
    if shutil.which(PROGRAMS.get(package, package), path=PATH) is None:
        reason = f"{package} is missing: apt-get install {package}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def find_free_ports(count: int = 1) -> int:
    """The first of `count` neighbouring ports that nobody listens on just now."""
    free: list[int] = []
    while len(free) < count:
        port = FIRST_PORT + PORTS * WORKER + next(CANDIDATES) % PORTS
        is_next = not free or port == free[-1] + 1
        free = [*(free if is_next else []), port] if is_free(port) else []
    return free[0]


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback address."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        # As servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False
