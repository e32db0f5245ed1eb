"""A program in a tab does what it does in a process: sockets, threads, signals, and its end."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import tornado.test

from .conftest import Program, Ran, Tab

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
CERTIFICATE = Path(tornado.test.__file__).parent  # and its key
PATIENCE = 60  # seconds
HINT = re.compile(r"(?m)^ .*\n|^\n")  # the lines of a traceback, which differ with the Python

# Ways to end, each a program of its own.
ENDS = {
    "returns": "print('done')",
    "exits with a status": "import sys; sys.exit(3)",
    "exits with a large status": "import sys; sys.exit(256 + 7)",
    "exits with a negative status": "import sys; sys.exit(-1)",
    "exits with a text": "import sys; sys.exit('what is wrong')",
    "exits with something else": "import sys; sys.exit(['a', 1])",
    "exits with nothing": "raise SystemExit",
    "exits at once": "import os; print('before', flush=True); os._exit(4); print('never')",
    "fails": "print('before'); 1 / 0",
    "fails twice": "try:\n    1 / 0\nfinally:\n    {}['key']",
    "fails with a group": "raise ExceptionGroup('two', [ValueError(1), OSError(2, 'no')])",
    "fails in a coroutine": """
import asyncio

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(9))
        raise ValueError("in a group")

try:
    asyncio.run(main())
except* ValueError as caught:
    print(caught.exceptions)
raise RuntimeError("at last")
""",
    "has a hook": """
import sys
sys.excepthook = lambda kind, error, trace: print("hooked:", error)
raise ValueError("this")
""",
    "has exit functions": """
import atexit
atexit.register(print, "first registered")
atexit.register(print, "last registered")
print("end")
""",
    "fails in a thread": """
import threading
thread = threading.Thread(target=lambda: {}["key"], name="its name")
thread.start()
thread.join()
print("goes on")
""",
    "exits in a thread": """
import sys, threading
thread = threading.Thread(target=sys.exit, args=(5,))
thread.start()
thread.join()
print("goes on")
""",
    "is terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM); print('never')",
    "recurses": """
def deeper(n):
    return deeper(n + 1)
try:
    deeper(0)
except RecursionError as error:
    print(str(error).partition(" in ")[0])
def deep(n):
    return n and 1 + deep(n - 1)
print(deep(900))
""",
    "recurses in a thread": """
import threading
def deeper():
    deeper()
def attempt():
    try:
        deeper()
    except RecursionError as error:
        print(type(error).__name__)
thread = threading.Thread(target=attempt)
thread.start()
thread.join()
""",
    "asks nobody": "print(repr(input('? ')))",
    "writes bytes": """
import os, sys
sys.stdout.buffer.write("grüß".encode()[:3])
sys.stdout.buffer.write("grüß".encode()[3:] + b"\\n")
sys.stdout.flush()
os.write(1, b"low\\n")
print(sys.stdout.isatty(), sys.stdin.read(), sys.stdout.fileno(), sys.stderr.encoding)
sys.stderr.write("\\udcff\\n")
""",
    "knows who it is": """
import os, sys
print(__name__, __spec__.name, sys.argv[1:], os.path.basename(__file__))
print(os.path.exists(__file__), os.getpid() > 0)
""",
}  # fmt: skip

INTERRUPTED = {
    "asleep": "import time; print('ready', flush=True); time.sleep(30)",
    "in a loop": """
import asyncio

async def main():
    try:
        print("ready", flush=True)
        await asyncio.sleep(30)
    finally:
        print("tidies up")

asyncio.run(main())
""",
    "waiting for a lock": """
import threading
print("ready", flush=True)
threading.Event().wait()
""",
    "reading": """
import socket
one, other = socket.socketpair()
print("ready", flush=True)
one.recv(1)
""",
    "catching it": """
import sys, time
try:
    print("ready", flush=True)
    time.sleep(30)
except KeyboardInterrupt:
    sys.exit("goodbye")
""",
    "handling it": """
import signal, time
signal.signal(signal.SIGINT, lambda number, frame: print("no thanks"))
print("ready", flush=True)
time.sleep(0.5)
print("slept on")
""",
}  # fmt: skip

SERVER = """
import asyncio

async def greet(reader, writer):
    name = await reader.readline()
    writer.write(b"hello " + name + b"x" * 1_000_000)
    writer.close()

async def main():
    server = await asyncio.start_server(greet, "127.0.0.1", 8888)
    async with server:
        await server.serve_forever()

asyncio.run(main())
"""
CLIENT = """
import asyncio, errno, socket

with socket.create_connection(("localhost", 8888)) as client:
    client.sendall(b"you\\n")
    with client.makefile("rb") as file:
        print(file.readline(), len(file.read()))
    print(client.getpeername())
try:
    socket.create_server(("127.0.0.1", 8888))
except OSError as error:
    print(errno.errorcode[error.errno])
try:
    socket.create_connection(("127.0.0.1", 8889))
except ConnectionRefusedError:
    print("refused")

async def main():
    async def ask(number):
        reader, writer = await asyncio.open_connection("127.0.0.1", 8888)
        writer.write(b"%d\\n" % number)
        received = len(await reader.read())
        writer.close()
        return received

    print(await asyncio.gather(*(ask(number) for number in range(10))))

asyncio.run(main())
"""
LEAVING = """
import socket
with socket.create_server(("127.0.0.1", 8888)) as server:
    near, _ = server.accept()
    near.recv(100)
    near.sendall(b"z" * 100_000)
"""
READING = """
import socket
client = socket.create_connection(("127.0.0.1", 8888))
client.sendall(b"?")
received = 0
while data := client.recv(65536):
    received += len(data)
print(received)
"""


def here(source: str, folder: Path, interrupt: bool = False) -> Ran:
    """How a program ends in a process of this machine, and what it prints."""
    (folder / "program.py").write_text(source)
    command = [sys.executable, "-W", "ignore", "-m", "program"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout
        first = process.stdout.readline() if interrupt else b""
        if interrupt:
            process.send_signal(2)
        output = first + process.communicate(timeout=PATIENCE)[0]
    # A shell says 128 and the signal's number.
    status = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return Ran(status, output.decode(errors="replace"))


def gist(ran: Ran) -> Ran:
    """Without the parts of tracebacks that another version prints otherwise."""
    return Ran(ran.status, HINT.sub("", ran.output))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_in_a_tab_what_it_prints_in_a_process(
    path: Path, tab: Tab, tmp_path: Path
) -> None:
    """Each of the programs in `programs` tells of what it finds: the same."""
    beside = {
        "server.crt": (CERTIFICATE / "test.crt").read_text(),
        "server.key": (CERTIFICATE / "test.key").read_text(),
    }
    for name, content in beside.items():
        (tmp_path / name).write_text(content)
    source = path.read_text()
    ran = tab.run("program", files={"program.py": source, **beside})
    assert ran == here(source, tmp_path)


@pytest.mark.parametrize("name", ENDS)
def test_a_program_ends_in_a_tab_as_it_ends_in_a_process(
    name: str, tab: Tab, tmp_path: Path
) -> None:
    """The exit status is the same, and what a reader is told."""
    ran = tab.run("program", files={"program.py": ENDS[name]})
    assert gist(ran) == gist(here(ENDS[name], tmp_path))


@pytest.mark.parametrize("name", INTERRUPTED)
def test_ctrl_c_ends_a_program_as_in_a_process(name: str, tab: Tab, tmp_path: Path) -> None:
    """Wherever it waits, it gets the interrupt at once."""
    source = INTERRUPTED[name]
    ran = tab.run("program", files={"program.py": source}, interrupt_at="ready", timeout=20)
    assert gist(ran) == gist(here(source, tmp_path, interrupt=True))


def test_two_programs_of_a_host_reach_each_other(tab: Tab) -> None:
    """One serves, the other has its port refused, connects, and gets all that was sent."""
    files = {"server.py": SERVER, "client.py": CLIENT}
    ran = tab.run("client", files=files, beside={"server": 8888})
    assert ran.output.splitlines() == [
        "b'hello you\\n' 1000000",
        "('127.0.0.1', 8888)",
        "EADDRINUSE",
        "refused",
        str([1_000_008] * 10),
    ]
    assert ran.status == 0


def test_what_a_program_sent_before_its_end_arrives(tab: Tab) -> None:
    """Its last bytes are read, though it is gone."""
    files = {"leaving.py": LEAVING, "reading.py": READING}
    ran = tab.run("reading", files=files, beside={"leaving": 8888})
    assert ran == Ran(0, "100000\n")


def test_programs_of_two_hosts_do_not_meet(tab: Tab) -> None:
    """Each host has port 8888 to itself."""
    alone = "import socket; print(socket.create_server(('127.0.0.1', 8888)).getsockname())"
    files = {"alone.py": alone}
    both = tab.run_all(Program("alone", files=files), Program("alone", files=files))
    assert both == [Ran(0, "('127.0.0.1', 8888)\n")] * 2
