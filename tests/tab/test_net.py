"""The page's clients of a program in the tab: HTTP, websockets and the curl line."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demos.catalog import Demo, demos
from slides.build.assets import AssetsError, tool

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "net"
TIMEOUT = 60  # seconds
SLOW = ("nap_broken", "nap_fixed")  # they sleep for seconds, and answer like the rest
SERVERS = [
    demo
    for demo in demos()
    if "tab" in demo.where and demo.name not in SLOW and any("8888" in line for line in demo.tries)
]

COMPARED = 7  # of curl's versions

# What the two may say differently: the machine's curl is another version, and another place.
NEW_WORDS = {
    "Couldn't connect to server": "Could not connect to server",
    "URL using bad/illegal format or missing URL": "URL rejected: …",
    " not supported or disabled in libcurl": " not supported",
}
VARYING = [
    (r"(?m)^\* .*\n", ""),  # the course of a connection
    (r"(?m)^[{}] \[\d+ bytes data\]\n", ""),  # curl says it where it writes to no terminal
    (r"(?m)^curl: (try 'curl --help'|known here are).*\n", ""),
    (r"(?m)^(< )?(Date|date): .*", r"\1Date: …"),
    (r"curl/[\d.]+", "curl/…"),
    (r"after \d+ (ms|milliseconds)", r"after … \1"),
    (r"URL rejected: .*", "URL rejected: …"),
    (r" \(this page has only its own machine, localhost\)", ""),
    (r"\t\d{10}\t", "\tlater\t"),
    (r'"(time|seconds|processors|threads)": [\d.]+', r'"\1": …'),
    (r'"waves": \[[\d, ]+\]', '"waves": …'),
    (r"port \d+|:\d{4,5}\b", "port …"),
]


def node(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node.js; skip where there is none."""
    try:
        command = [tool("node"), *arguments]
    except AssetsError as error:
        pytest.skip(str(error))
    return subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def ours(lines: list[str]) -> list[tuple[int, str, str]]:
    """What the page's shell makes of lines, one after the other: status, output, complaints."""
    ran = node(str(FOLDER / "lines.mjs"), given=json.dumps(lines))
    assert ran.returncode == 0, ran.stderr
    return [(each["status"], each["out"], each["err"]) for each in json.loads(ran.stdout)]


def theirs(line: str, folder: Path) -> tuple[int, str, str]:
    """What this machine's shell and curl make of a line."""
    (folder / ".curlrc").write_text("no-progress-meter\n")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"HOME": str(folder), "PATH": path, "LC_ALL": "C.UTF-8"}
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    return ran.returncode, ran.stdout.decode("latin-1"), ran.stderr.decode("latin-1")


def skip_another_curl() -> None:
    """Skip where curl words things in a way that the lines were never compared with."""
    shown = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    if not shown.startswith(f"curl {COMPARED}."):
        pytest.skip(f"the curl line follows curl {COMPARED}; this is {shown.split(' (')[0]}")


def settled(result: tuple[int, str, str]) -> tuple[int, str, str]:
    """Without what differs from run to run, and from version to version."""
    status, out, err = result
    for old, new in NEW_WORDS.items():
        err, out = err.replace(old, new), out.replace(old, new)
    for pattern, instead in VARYING:
        err, out = re.sub(pattern, instead, err), re.sub(pattern, instead, out)
    return status, out, err


@pytest.fixture(scope="module")
def mirror() -> Iterator[int]:
    """The port of a server that says what it was asked."""
    command = [sys.executable, str(FOLDER / "mirror.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield int(server.stdout.readline())
        server.terminate()


@pytest.mark.parametrize("module", sorted(FOLDER.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_the_modules_own_tests_pass(module: Path) -> None:
    """The tests in JavaScript, against real sockets, say all is well."""
    ran = node("--test", str(module))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout


def test_the_curl_line_is_the_machines_curl(needs: Callable, mirror: int, tmp_path: Path) -> None:
    """Each line shows, complains and sends the same, and ends with the same status."""
    needs("curl")
    skip_another_curl()
    text = (FOLDER / "lines.sh").read_text().replace("U/", "http://localhost:PORT/")
    lines = re.split(r"(?<!\\)\n", text.replace("PORT", str(mirror)))
    different = [
        (line, settled(own), settled(real))
        for line, own in zip(lines, ours(lines), strict=True)
        if settled(own) != settled(real := theirs(line, tmp_path))
    ]
    assert not different, "\n\n".join("\n".join(map(repr, each)) for each in different)


@pytest.fixture
def running(free_port: Callable[[], int]) -> Iterator[Callable[[Demo], int]]:
    """Starts a demo and gives its port: `running(demo)`."""
    with contextlib.ExitStack() as stack:

        def start(demo: Demo) -> int:
            port = free_port()
            beside = [f"--beside={name}={free_port()}" for name, _ in demo.beside]
            command = [sys.executable, "-m", "demos", demo.name, f"--port={port}", *beside]
            server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(server.communicate)  # it says good-bye
            stack.callback(server.terminate)
            assert server.stdout
            assert any(b"Ctrl-C" in line for line in server.stdout)
            return port

        yield start


@pytest.mark.parametrize("demo", SERVERS, ids=lambda demo: demo.name)
def test_what_a_demo_says_to_try_shows_the_same(
    demo: Demo, needs: Callable, running: Callable, tmp_path: Path
) -> None:
    """In the page's shell as in this machine's."""
    needs("curl")
    port = running(demo)
    lines = [line.replace("8888", str(port)) for line in demo.tries if "curl" in line]
    real = [settled(theirs(line, tmp_path)) for line in lines]
    assert [settled(result) for result in ours(lines)] == real


def test_the_lines_of_a_websocket_are_answered_by_tornado(mirror: int) -> None:
    """What is typed is sent, what comes is shown, and how it was closed is the status."""
    address = f"ws://localhost:{mirror}/talk"
    results = ours(
        [
            f"echo 1000 | curl {address}",
            f"echo 4001 | curl {address}",
            f"echo wörld | curl -s -m 0.5 {address}",
            f"curl {address}/nowhere",
        ]
    )
    closed = "curl: (56) The server closed the websocket: 4001 as you wish\n"
    refused = "curl: (22) The server opens no websocket: 404 Not Found.\n"
    assert [(status, out.encode("latin-1").decode(), err) for status, out, err in results] == [
        (0, "1000\n1000\n", ""),
        (56, "4001\n4001\n", closed),
        (28, "wörld\nwörld\n", ""),
        (22, "", refused),
    ]


JSON = r"""
1 0.5 -12.5 01 1. -x true tru TRUE null NaN -Infinity
"" "é\u00e9€😀" "\/\n\ud83d" "\x" "\u12" "\N" "a a "a\
[] [ [1] [1, [1 [1,,2] [,] [[],{}] [] ] "a":1
{} { {"a" {"a": {"a":1 {"a":1, {1:2} {"b":[1,{"c":{}}],"a":null} {a:1} {"a",1} {"a":1}}
"""


def test_json_is_set_out_as_python_does() -> None:
    """The same lines, or the same complaint."""
    texts = [*JSON.split(), "[1 2]", ' {"a"\n:\n1 }', '["\t"]', '"\x7f"', "", "[1,\n\n x]"]
    shown = ours([f"echo '{text}' | python -m json.tool" for text in texts])
    for text, own in zip(texts, shown, strict=True):
        command = [sys.executable, "-m", "json.tool"]
        given = f"{text}\n".encode()
        real = subprocess.run(command, input=given, capture_output=True, check=False)
        assert own == (real.returncode, real.stdout.decode(), real.stderr.decode()), text
