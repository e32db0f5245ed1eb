"""Every demo there is: its facts, its shape, its life as a program, and what it leaves behind."""

import ast
import re
import signal
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import psutil
import pytest

from demos.catalog import demos

ROOT = Path(__file__).parents[2]
DEMOS = {demo.name: demo for demo in demos()}
SERVERS = [name for name, demo in DEMOS.items() if any("8888" in line for line in demo.tries)]
OTHERS = sorted(set(DEMOS) - set(SERVERS))
TIME_IS_UP = 28  # curl's exit status after --max-time
PATIENCE = 20  # seconds for the last of a program's processes to end
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

LOOK_AROUND = """
import asyncio, importlib, os, sys, threading
import tornado.ioloop, tornado.options, tornado.web, tornado.websocket, tornado.httpclient
import tornado.simple_httpclient, tornado.netutil

def look():
    return (len(os.listdir("/proc/self/fd")), threading.active_count(),
            sorted(tornado.options.options), sys.excepthook)

before = look()
modules = [importlib.import_module(f"demos.{name}") for name in sys.argv[1:]]
assert look() == before, (before, look())
print(len(modules))
"""


def test_there_are_demos_of_both_kinds():
    """The tests below have something to walk."""
    assert {"hello", "fetch", "broadcaster", "loop"} <= set(SERVERS)
    assert {"evented", "evented_broken", "waiting"} <= set(OTHERS)


@pytest.mark.parametrize("name", DEMOS)
def test_the_facts_are_complete(name):
    """A sentence that ends, something to try, and places that there are."""
    demo = DEMOS[name]
    assert re.fullmatch(r"[A-Z].{20,68}\.", demo.summary)
    assert demo.shows
    assert demo.needs
    assert demo.tries
    assert demo.where - {"room"} in ({"tab", "process"}, {"process"})
    assert all(other in DEMOS for other, _ in demo.beside)
    assert not demo.extra or demo.extra in EXTRAS


@pytest.mark.parametrize("name", DEMOS)
def test_each_demo_has_a_test_of_its_own(name):
    """One topic, one stem; a demo that is a package has a folder of tests."""
    tests = ROOT / "tests" / "demos"
    assert (tests / f"test_{name}.py").exists() or list((tests / name).glob("test_*.py"))


@pytest.mark.parametrize("name", DEMOS)
def test_the_readme_has_each_demo_with_its_sentence(name):
    """A reader of the folder sees the same list as the command's."""
    is_package = DEMOS[name].path.stem == "__init__"
    row = f"| `{name}{'/' if is_package else '.py'}` | {DEMOS[name].summary} |"
    assert row in (ROOT / "demos" / "README.md").read_text().splitlines()


@pytest.mark.parametrize("name", DEMOS)
def test_each_demo_stands_alone(name):
    """Copied to another folder with its pages, it still has all that it imports.

    That is Python's, or said in `Needs:`; with an `Extra:`, whatever comes with that.
    """
    demo = DEMOS[name]
    known = {"tornado", *sys.stdlib_module_names, *re.findall(r"\w+", demo.needs.lower())}
    for path in (demo.path, *demo.modules):
        for module in imported(path):
            top, _, rest = module.partition(".")
            if top == "demos":
                assert demo.modules, f"{path} imports {module}"
                assert rest.partition(".")[0] == name, f"{path} imports {module}"
            else:
                assert top in known or (demo.extra and top != "slides"), f"{path} imports {module}"


def imported(path):
    """The full names of the modules that a file imports, wherever it does."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    assert not [node for node in froms if node.level], path
    for node in froms:
        inside = [f"{node.module}.{each.name}" for each in node.names]
        yield from inside if node.module == "demos" else [node.module]
    plain = [node for node in nodes if isinstance(node, ast.Import)]
    yield from [each.name for node in plain for each in node.names]


@pytest.mark.parametrize("name", DEMOS)
def test_every_definition_fits_on_a_slide(name):
    """At most 14 lines of 72 columns; what is beside the front of a package may have 25."""
    demo = DEMOS[name]
    for path in (demo.path, *demo.modules):
        text = path.read_text()
        most = 14 if path == demo.path else 25
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < most, f"{path}: {node.name}"
        assert max(len(line) for line in text.splitlines()) <= 72, path


@pytest.mark.parametrize("page", sorted((ROOT / "demos" / "pages").iterdir()), ids=lambda p: p.name)
def test_a_page_asks_nobody_but_its_server(page):
    """No address of another host, and none that breaks under a prefix."""
    text = page.read_text()
    assert not re.search(r"//\w|localhost", text)
    assert not re.search(r"""(src|href|action)=["']?/""", text)
    assert not re.search(r"""(fetch|WebSocket|EventSource|URL)\(["'`](/|\w+:)""", text)


def test_importing_all_of_them_in_one_process_does_nothing():
    """No socket, no loop, no thread, no option, no hook; and none disturbs another."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK_AROUND, *DEMOS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{len(DEMOS)}\n", "")


@pytest.fixture
def begin(run, free_port):
    """Starts a server demo on free ports: `program, {8888: port, ...} = begin(name)`."""

    def begin(name):
        skip_without_extra(DEMOS[name])
        ports = {8888: free_port()} | {port: free_port() for _, port in DEMOS[name].beside}
        beside = [f"--beside={other}={ports[port]}" for other, port in DEMOS[name].beside]
        program = run("demos", name, "--port", ports[8888], *beside)
        return program.until_it_listens(ports[8888]), ports

    return begin


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_demo_says_to_try_works(begin, needs, name):
    """Each line answers; Ctrl-C is quiet, and leaves no process and no port."""
    needs("curl")
    program, ports = begin(name)
    for line in DEMOS[name].tries:
        code, output = try_out(line, ports)
        assert code == 0 or (code == TIME_IS_UP and "--max-time" in line), (line, output)
        assert output.strip(), line
    assert_all_gone(name, program, ports, signal.SIGINT)


@pytest.mark.parametrize("name", SERVERS)
def test_a_demo_that_is_told_to_end_ends(begin, name):
    """supervisord and kill end a demo as well as Ctrl-C does."""
    assert_all_gone(name, *begin(name), signal.SIGTERM)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", OTHERS)
def test_a_demo_that_serves_nothing_runs_to_its_end(name):
    """What it says to try prints something, and is over."""
    skip_without_extra(DEMOS[name])
    for line in DEMOS[name].tries:
        code, output = try_out(line, {}, timeout=180)
        assert code == 0, (line, output)
        assert output.strip(), line


def skip_without_extra(demo):
    """Skip where a package that a demo needs is not installed."""
    for requirement in EXTRAS.get(demo.extra, []):
        package = re.match(r"[\w.-]+", requirement)[0]
        try:
            distribution(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is missing: pip install -e '.[{demo.extra}]'")


def try_out(line, ports, timeout=30):
    """The exit status and output of one line of `Try:`, with the test's ports and Python."""
    for written, real in ports.items():
        line = line.replace(str(written), str(real))
    line = re.sub(r"^python ", f"{sys.executable} ", line)
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=timeout, check=False
    )
    return done.returncode, done.stdout


def assert_all_gone(name, program, ports, number):
    """End a program by a signal; nothing of it is left, and it did not complain.

    Unless it is broken on purpose: its log has the traceback that is to be seen.
    """
    family = psutil.Process(program.process.pid).children(recursive=True)
    code, output, errors = program.end(number)
    assert code == 0
    assert "Ctrl-C ends it." in output
    assert "Traceback" not in output
    assert "Traceback" not in errors or name.endswith("_broken")
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive
    for port in ports.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
