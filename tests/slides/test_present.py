"""`make present` without a browser: what is copied, what is refused, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from slides.present.jupyter import GRACE_S

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


@pytest.fixture
def notebooks(tmp_path):
    """A talk of two chapters, whose second links a program and has a set-up cell that fails."""
    folder = tmp_path / "source" / "notebooks"
    folder.mkdir(parents=True)
    (folder.parent / "demos").mkdir()
    (folder.parent / "demos" / "hello.py").write_text("print('hello')\n")
    (folder.parent / "private.txt").write_text("not linked\n")
    link = "## Hello\n\n[demos/hello.py](../demos/hello.py) [gone](../demos/gone.py)"
    for name, text in {"10_first": "# First", "60_websocket": link}.items():
        cells = [cell("code", "1 / 0", "skip"), cell("markdown", text, "slide")]
        document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(json.dumps(document))
    return folder


def cell(kind, source, slide_type):
    """One cell of a notebook."""
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    metadata = {"slideshow": {"slide_type": slide_type}}
    return {"cell_type": kind, "id": slide_type, "metadata": metadata, "source": source, **code}


class Presented:
    """`python -m slides present`, and what it says."""

    def __init__(self, notebooks, *arguments, **environment):
        self.temporary = notebooks.parent.parent
        command = [sys.executable, "-m", "slides", "present", "--notebooks", str(notebooks)]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(self.temporary)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def read_until(self, pattern):
        """Read what it says up to a line that matches."""
        while not (found := re.search(pattern, self.said)):
            line = self.process.stdout.readline()
            assert line, f"it ended, and said: {self.said}"
            self.said += line
        return found[0]

    def finish(self):
        """Wait until it has ended; give its exit status."""
        self.said += self.process.communicate(timeout=PATIENCE_S)[0]
        return self.process.returncode

    def family(self):
        """Its processes."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self):
        """End it whatever it does."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.communicate(timeout=PATIENCE_S)
        self.process.stdout.close()


@pytest.fixture
def present(notebooks):
    """Starts a presentation that prints its address."""
    started = []

    def start(*arguments, **environment):
        started.append(Presented(notebooks, *arguments, "--no-browser", **environment))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def ask(url, where, /, **content):
    """Ask Jupyter's own interface, and give its answer; a POST where there is content."""
    origin, _, token = re.fullmatch(r"(http://[^/]+)/(.*)\?token=(\w+)", url).groups()
    body = json.dumps(content).encode() if content else None
    request = urllib.request.Request(origin + where, body, {"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def start_kernel(url, chapter="10_first"):
    """Start a chapter's kernel, as the page of the slideshow does."""
    name = f"{chapter}.ipynb"
    session = {"path": f"notebooks/{name}", "name": name, "type": "notebook"}
    ask(url, "/api/sessions", **session, kernel={"name": "python3"})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(present, number):
    """Jupyter, the kernel and the temporary copy are gone, without a question."""
    presented = present()
    start_kernel(presented.read_until(r"http://\S+"))
    family = presented.family()
    assert len(family) >= 2
    presented.process.send_signal(number)
    assert presented.finish() == 0
    assert [each for each in family if each.is_running()] == []
    assert list(presented.temporary.glob("talk-*")) == []


def test_a_second_ctrl_c_does_not_wait(present):
    """A server that does not listen to the first is killed at the second."""
    presented = present()
    presented.read_until(r"http://\S+")
    [server] = presented.family()
    server.suspend()
    presented.process.send_signal(signal.SIGINT)
    presented.read_until("Ending")
    start = time.monotonic()
    presented.process.send_signal(signal.SIGINT)
    assert presented.finish() == 0
    assert time.monotonic() - start < GRACE_S
    assert not server.is_running()


def test_a_server_that_dies_is_said_to_have_died(present):
    """With the end of its log, and exit status 1."""
    presented = present()
    presented.read_until(r"http://\S+")
    [server] = presented.family()
    server.kill()
    assert presented.finish() == 1
    assert "Jupyter ended by itself" in presented.said


def test_only_the_token_opens_the_door(present):
    """The address without it is refused."""
    url = present().read_until(r"http://\S+")
    assert ask(url, "/api/contents/notebooks")["type"] == "directory"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(url.partition("?")[0] + "?token=wrong", "/api/contents/notebooks")


def test_the_kernel_is_the_talk_s_own(present, notebooks):
    """One kernelspec, which runs the set-up cells and says in the terminal which of them fails."""
    presented = present("websocket")
    url = presented.read_until(r"http://\S+")
    assert "60_websocket.ipynb" in url
    assert list(ask(url, "/api/kernelspecs")["kernelspecs"]) == ["python3"]
    start_kernel(url, "60_websocket")
    presented.read_until(r"60_websocket\.ipynb: .*ZeroDivisionError")


def test_a_kept_copy_can_be_presented_again_and_nothing_else_is_overwritten(
    present, notebooks, tmp_path
):
    """What was changed in it is still there; a folder with other things is refused."""
    kept = tmp_path / "kept"
    for _ in range(2):
        presented = present("--keep", str(kept))
        presented.read_until(r"http://\S+")
        presented.process.send_signal(signal.SIGINT)
        assert presented.finish() == 0
        (kept / "notebooks" / "mine.txt").write_text("mine")
    assert (kept / "notebooks" / "mine.txt").read_text() == "mine"
    assert (kept / "demos" / "hello.py").is_file()
    assert not (kept / "private.txt").exists()
    refused = present("--keep", str(notebooks))
    assert refused.finish() == 2
    assert "holds something else" in refused.said


def test_an_unknown_chapter_is_answered_with_near_ones(present):
    """Exit status 2, and the name that was probably meant."""
    refused = present("websockets")
    assert refused.finish() == 2
    assert "there is no chapter 'websockets'; there is: 60_websocket" in refused.said


def test_a_busy_port_is_named_with_the_next_free_one(present):
    """Exit status 2, and both numbers."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = present("--port", str(port))
        assert refused.finish() == 2
    found = re.search(rf"port {port} is in use; the next free one is (\d+)", refused.said)
    assert int(found[1]) > port


@pytest.mark.parametrize("port", ["0", "65536", "tornado"])
def test_what_is_no_port_is_refused(present, port):
    """Exit status 2, and what a port is."""
    refused = present("--port", port)
    assert refused.finish() == 2
    assert "a port is a number from 1 to 65535" in refused.said


def test_without_a_browser_with_windows_the_address_is_printed(notebooks):
    """A text browser would take the terminal over, so it is not started."""
    text_browser = notebooks.parent / "lynx"
    text_browser.write_text("#!/bin/sh\necho started >&2\n")
    text_browser.chmod(0o755)
    presented = Presented(notebooks, BROWSER=str(text_browser))
    presented.read_until("Open the talk in a browser")
    presented.kill()
    assert "started" not in presented.said


def test_a_user_s_own_settings_play_no_part(present, tmp_path):
    """Neither a server configuration nor a start-up file of the user's is read."""
    home = tmp_path / "home"
    (home / ".jupyter").mkdir(parents=True)
    (home / ".jupyter" / "jupyter_server_config.py").write_text("raise SystemExit('mine')\n")
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text(f"open({str(home / 'read')!r}, 'w')\n")
    presented = present("websocket", HOME=str(home), JUPYTER_CONFIG_DIR=str(home / ".jupyter"))
    start_kernel(presented.read_until(r"http://\S+"), "60_websocket")
    presented.read_until("ZeroDivisionError")
    assert not (home / "read").exists()
    assert sorted(path.name for path in home.iterdir()) == [".ipython", ".jupyter"]


def test_starting_imports_nothing_heavy():
    """A warm start goes to Jupyter's process at once: what Jupyter needs is imported there."""
    program = """
import sys
from slides.__main__ import main
import slides.present.jupyter
heavy = {"tornado", "jupyter_server", "jupyter_core", "psutil", "asyncio", "urllib.request"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
