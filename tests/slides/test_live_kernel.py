"""The live module in a real kernel: what a notebook's cells show, and the set-up at its start."""

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager
from traitlets.config import Config

ROOT = Path(__file__).parents[2]
MIME = "application/vnd.slides.recording+json"
PATIENCE = 30  # seconds
APP = """
import tornado.web
from slides.live import finish, serve, sh

class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("Hello from the kernel")

class Fails(tornado.web.RequestHandler):
    def get(self):
        raise LookupError("no such shelf")

def make_app():
    return tornado.web.Application([("/", Hello), ("/fail", Fails)])
"""


class Kernel:
    """A running kernel; `run` gives what a cell displayed, in order."""

    def __init__(self, folder, **environment):
        self.errors = folder / "kernel.log"
        folder.mkdir(exist_ok=True)
        self.manager = KernelManager(config=Config({"KernelManager": {"transport": "ipc"}}))
        self.manager.connection_file = str(folder / "kernel.json")
        with self.errors.open("w") as errors:
            self.manager.start_kernel(
                extra_arguments=["--IPKernelApp.extra_extensions=slides.live.setup"],
                cwd=str(folder),
                env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
                stderr=errors,
            )
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code):
        """Run one cell; give its messages as (type, content)."""
        said = []
        reply = self.client.execute_interactive(
            code,
            timeout=60,
            allow_stdin=False,
            output_hook=lambda message: said.append((message["msg_type"], message["content"])),
        )
        assert reply["content"]["status"] == "ok", said
        return [
            (kind, content) for kind, content in said if kind not in ("execute_input", "status")
        ]

    def close(self):
        """End the kernel and its channels."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self.manager.context.destroy(linger=0)


@pytest.fixture
def kernel(tmp_path):
    """Make kernels in a folder of their own, with environment variables of the test's choice."""
    kernels = []

    def start(**environment):
        folder = tmp_path / str(len(kernels))
        kernels.append(Kernel(folder, SLIDES_RECORD="", **environment))
        return kernels[-1]

    yield start
    for started in kernels:
        started.close()


@pytest.fixture
def port(free_port):
    """A port that was free a moment ago."""
    return free_port()


def notebook(folder, *cells):
    """Write a notebook of code cells given as (slide type, source)."""
    document = {
        "cells": [
            {
                "cell_type": "code",
                "metadata": {"slideshow": {"slide_type": kind}},
                "source": source.splitlines(keepends=True),
            }
            for kind, source in cells
        ]
    }
    path = folder / "chapter.ipynb"
    path.write_text(json.dumps(document))
    return path


def test_cells_show_one_panel_and_one_transcript(kernel, port):
    """The last value of a cell adds nothing, though both calls return an object."""
    running = kernel()
    running.run(APP)
    (panel,) = running.run(f"await serve(make_app(), port={port})")
    assert panel[0] == "display_data"
    assert '<iframe class="live-panel"' in panel[1]["data"]["text/html"]
    first, *updates = running.run(f"await sh('curl -i http://localhost:{port}/')")
    assert first[0] == "display_data"
    assert {kind for kind, _ in updates} == {"update_display_data"}
    assert "Hello from the kernel" in updates[-1][1]["data"]["text/html"]


def test_the_kernel_serves_while_no_cell_runs(kernel, port):
    """A client outside the kernel is answered, and a handler's error prints nothing on a slide."""
    running = kernel()
    running.run(APP)
    running.run(f"server = await serve(make_app(), port={port})")
    fetch = ["curl", "--silent", "--max-time", "30", f"http://localhost:{port}/"]
    assert subprocess.check_output(fetch, text=True) == "Hello from the kernel"
    assert "500" in subprocess.check_output([*fetch[:-1], f"{fetch[-1]}fail"], text=True)
    ((kind, content),) = running.run("[line.text for line in server.log.lines]")
    assert kind == "execute_result"
    assert "LookupError: no such shelf" in content["data"]["text/plain"]


def test_a_kernel_takes_the_port_from_another_chapters_kernel(kernel, port, tmp_path):
    """The chapter that is presented now has the address; the other one's server is replaced."""
    cell = f"server = await serve(make_app(), port={port})"
    private = {"XDG_RUNTIME_DIR": str(tmp_path)}
    first, second = kernel(**private), kernel(**private)
    for running in (first, second):
        running.run(APP)
        running.run(cell)
    asked = "(server.port, server.state)"
    ((_, content),) = second.run(asked)
    assert content["data"]["text/plain"] == f"({port}, 'running')"
    ((_, content),) = first.run(asked)
    assert content["data"]["text/plain"] == f"({port}, 'replaced')"


def test_a_program_is_loaded_and_changed_by_a_cell(kernel, port, tmp_path):
    """A handler that a cell defines anew is served by the program, under its name."""
    (tmp_path / "shelf.py").write_text(APP + "\nif __name__ == '__main__': 1 / 0\n")
    running = kernel(PYTHONPATH=f"{ROOT}:{tmp_path}")
    running.run("from slides.live import load, serve, sh; load('shelf')")
    running.run("class Hello(tornado.web.RequestHandler):\n  def get(self): self.write('new')")
    ((_, panel),) = running.run(f"server = await serve(make_app(), port={port})")
    assert "shelf: its page" in panel["data"]["text/html"]
    transcript = running.run(f"await sh('curl -s http://localhost:{port}/')")
    assert transcript[-1][1]["data"]["text/plain"].endswith("\nnew")


def test_loading_an_unknown_program_says_so(kernel):
    """The error names what there is not."""
    running = kernel()
    ((_, said),) = running.run(
        "from slides.live import load\ntry: load('no_such_shelf')\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    assert said["text"].strip() == "no program 'no_such_shelf'"


def test_interrupting_the_kernel_ends_the_command_and_keeps_the_server(kernel, port, tmp_path):
    """The speaker's way out of a command that hangs: the transcript says so, the demo goes on."""
    running = kernel()
    running.run(APP)
    running.run(f"await serve(make_app(), port={port})")
    pid_file = tmp_path / "pid"
    cell = f"await sh('echo $$ > {pid_file}; sleep 1000', timeout=900)"
    running.client.execute(cell, stop_on_error=False)
    deadline = time.monotonic() + PATIENCE
    while not (pid_file.exists() and pid_file.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    command = psutil.Process(int(pid_file.read_text()))
    running.manager.interrupt_kernel()
    with contextlib.suppress(psutil.NoSuchProcess):
        command.wait(PATIENCE)
    transcript = running.run(f"await sh('curl -s http://localhost:{port}/')")
    assert "Hello from the kernel" in transcript[-1][1]["data"]["text/plain"]


def test_a_recording_is_displayed_and_completed(kernel):
    """The bundle of the first cell is updated, under its id, by the last one."""
    running = kernel()
    running.run("import os; os.environ['SLIDES_RECORD'] = '1'" + APP)
    patience = "recording.PAGE_PATIENCE = recording.PAGE_TIMEOUT"  # the machine is busy
    running.run(f"from slides.live import recording; {patience}")
    ((kind, first),) = running.run("await serve(make_app())")
    assert kind == "display_data"
    assert "Hello from the kernel" in first["data"][MIME]["page"]
    transcript = running.run("await sh('curl -s http://localhost:8888/')")
    assert "Hello from the kernel" in transcript[-1][1]["data"]["text/plain"]
    ((kind, last),) = running.run("await finish()")
    assert kind == "update_display_data"
    assert last["transient"]["display_id"] == first["transient"]["display_id"]
    assert len(last["data"][MIME]["log"]) == 2


def test_set_up_cells_run_when_the_kernel_starts(kernel, tmp_path, port):
    """Skip cells and no others, in order, magics and awaits included."""
    path = notebook(
        tmp_path,
        ("skip", APP),
        ("slide", "shown = True"),
        ("skip", "%env SLIDES_TEST=set"),
        ("skip", f"server = await serve(make_app(), port={port})"),
        ("skip", "last = server.port"),
    )
    running = kernel(JPY_SESSION_NAME=str(path))
    ((_, content),) = running.run(
        "import os; (last, server.state, os.environ['SLIDES_TEST'], 'shown' in globals())"
    )
    assert content["data"]["text/plain"] == f"({port}, 'running', 'set', False)"


def test_a_failing_set_up_cell_is_one_line_in_the_terminal(kernel, tmp_path):
    """The kernel starts, the other cells have run, and the line names the cell and the error."""
    notebook(tmp_path, ("skip", "first = 1"), ("skip", "1 / 0"), ("skip", "third = 3"))
    running = kernel(JPY_SESSION_NAME=f"{tmp_path.name}/chapter.ipynb")
    ((_, content),) = running.run("(first, third)")
    assert content["data"]["text/plain"] == "(1, 3)"
    lines = [line for line in running.errors.read_text().splitlines() if "chapter.ipynb" in line]
    assert lines == [
        "chapter.ipynb: set-up cell 2 failed: ZeroDivisionError: division by zero",
    ]


def test_without_a_notebook_the_extension_does_nothing(kernel):
    """A session of another name, or of a file that is not there, is an ordinary kernel."""
    running = kernel(JPY_SESSION_NAME="/nowhere/at-all.ipynb")
    assert running.run("1 + 1")[0][1]["data"]["text/plain"] == "2"
    assert "set-up" not in running.errors.read_text()
