"""Programs from the fork server: what `python -m` starts, and nothing left of them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from slides.room.forks import AS_WRITTEN, ROOT, Forks
from slides.room.keeper import IS_LINUX

SECONDS = 60  # for what should take a moment, on a machine that is busy with others

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="programs are kept on Linux and macOS only"),
]

# Says all that a program can know of how it was started.
MIRROR = """
import json, os, signal, sys
import demos
json.dump({
    "name": __name__, "file": __file__, "spec": __spec__.name, "package": __package__,
    "main": sys.modules["__main__"].__dict__ is globals(), "argv": sys.argv,
    "orig": sys.orig_argv[1:], "path": sys.path[:2], "cwd": os.getcwd(),
    "demos": demos.__file__, "executable": sys.executable,
    "signals": [str(signal.getsignal(each)) for each in (2, 13, 15, 17)],
    "mask": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
    "open": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
    "stdin": sys.stdin.read(), "encoding": [sys.stdout.encoding, sys.stderr.encoding],
    "through": sys.stdout.write_through, "slides": "slides" in sys.modules,
    "threads": len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1,
}, sys.stdout)
"""

ENDS = {
    "by itself": "print('ok')",
    "an error": "def f():\n    return 1 / 0\nf()",
    "a cause": "try:\n    {}[1]\nexcept KeyError as error:\n    raise ValueError('é') from error",
    "a status": "import sys; sys.exit(3)",
    "words": "import sys; sys.exit('no')",
    "nothing": "raise SystemExit",
    "Ctrl-C": "import os, signal; os.kill(os.getpid(), signal.SIGINT); input()",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "an exit": "import os; os._exit(7)",
    "no syntax": "def f(:\n    pass",
    "a group": "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])",
    "a hook": "import sys\nsys.excepthook = lambda *_: sys.exit(4)\n1 / 0",
    "threads": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\n1 / 0",
    "at the end": "import atexit\natexit.register(print, 'bye')\nprint('first')\nraise ValueError",
    "a thread's": "import threading\nthreading.Thread(target=lambda: 1 / 0, name='t').start()",
}

# Listens to nothing, has a child in a session of its own and one that has lost its parent.
STUBBORN = """
import os, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
child = subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.DEVNULL)
begin = "import subprocess; print(subprocess.Popen({}, stdout=subprocess.DEVNULL).pid)"
lost = subprocess.check_output([sys.executable, "-c", begin.format(sleep)], start_new_session=True)
print(os.getpid(), child.pid, int(lost), flush=True)
time.sleep(600)
"""


class Program:
    """One that was started, and what there is to hear of it."""

    def __init__(self, forks, folder, module="demos.it", *argv):
        self.control, its = socket.socketpair()
        self.control.settimeout(SECONDS)
        self.lines = self.control.makefile()
        out, err = os.pipe(), os.pipe()
        request = {"module": module, "argv": argv, "port": 1, "folder": str(folder)}
        forks.begin({**request, "copy": False}, its.fileno(), out[1], err[1])
        for each in (its.fileno(), out[1], err[1]):
            os.close(each)
        its.detach()
        self.out, self.err = os.fdopen(out[0]), os.fdopen(err[0])

    def hear(self, name):
        """What the keeper says next under a name; None when it is gone."""
        for line in self.lines:
            said = json.loads(line)
            if name in said:
                return said[name]
        return None

    def over(self):
        """Wait for the end; status, output and errors."""
        status = self.hear("ended")
        return status, self.out.read(), self.err.read()

    def close(self):
        """As a server that is gone."""
        self.lines.close()
        self.control.close()
        self.out.close()
        self.err.close()


@pytest.fixture(params=[True, False] if IS_LINUX else [False], ids=["forked", "plain"])
def forks(request):
    """The fork server, or none."""
    made = Forks(has_server=request.param)
    made.start()
    yield made
    made.close()
    for keeper in made._keepers:
        keeper.wait(SECONDS)


@pytest.fixture
def fork_server():
    """The fork server."""
    if not IS_LINUX:
        pytest.skip("there is a fork server on Linux only")
    made = Forks()
    made.start()
    yield made
    made.close()


@pytest.fixture
def start(tmp_path):
    """Starts a program with this source: `start(forks, source, *argv)`."""
    started = []

    def begin(forks, source, *argv, module="demos.it"):
        started.append(Program(forks, written(tmp_path, source), module, *argv))
        return started[-1]

    yield begin
    for each in started:
        each.close()


def written(folder, source):
    """A folder with a program in it, in a package of the demos' name."""
    package = folder / "demos"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").touch()
    (package / "it.py").write_text(source, encoding="utf-8")
    return folder


def plainly(folder, *argv):
    """What `python -m` does: status, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", *argv],
        cwd=folder,
        env=os.environ | AS_WRITTEN,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout, done.stderr


def spare(forks):
    """Wait for a keeper and its program that were forked ahead; their pids."""
    end = time.monotonic() + SECONDS
    while len(pair := psutil.Process(forks.process.pid).children(recursive=True)) != 2:
        assert time.monotonic() < end, pair
        time.sleep(0.02)
    return [process.pid for process in pair]


def gone(*pids):
    """Wait until none of these processes is there."""
    end = time.monotonic() + SECONDS
    while left := [pid for pid in pids if is_there(pid)]:
        assert time.monotonic() < end, f"still there: {left}"
        time.sleep(0.02)  # a process that ends tells its parent only
    return True


def is_there(pid):
    """Whether a process is more than an entry of the dead."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_program_sees_what_python_m_would_show_it(forks, start, tmp_path):
    """Its name, its path, its signals, its files: each is the same."""
    program = start(forks, MIRROR, "--port", "1")
    told, plain = program.over(), plainly(tmp_path, "demos.it", "--port", "1")
    assert told[0] == plain[0] == 0, told[2]
    assert json.loads(told[1]) == json.loads(plain[1])
    assert json.loads(told[1])["path"][0] == str(tmp_path)


def test_a_program_that_was_forked_ahead_is_no_other(fork_server, start, tmp_path):
    """It waited for its request, and shows nothing of that; one is there for the next, too."""
    for _ in range(2):
        waiting = spare(fork_server)
        program = start(fork_server, MIRROR)
        assert program.hear("started") in waiting
        told, plain = program.over(), plainly(tmp_path, "demos.it")
        assert json.loads(told[1]) == json.loads(plain[1])


@pytest.mark.parametrize("which", ["keeper", "program"])
def test_a_spare_that_was_killed_is_replaced(fork_server, start, which):
    """Who asked for it hears that nobody is there, and asks again."""
    keeper, program = spare(fork_server)
    os.kill(keeper if which == "keeper" else program, signal.SIGKILL)
    assert gone(program)
    assert start(fork_server, "").hear("started") is None
    assert start(fork_server, "print('ok')").over() == (0, "ok\n", "")


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_no_spare_outlives_the_fork_server(fork_server, how):
    """They wait for nobody else."""
    pair = spare(fork_server)
    if how == "killed":
        fork_server.process.kill()
    fork_server.close()
    assert gone(*pair)


@pytest.mark.parametrize("end", ENDS)
def test_a_program_ends_as_it_would_under_python_m(fork_server, start, tmp_path, end):
    """The status, the last words, and the traceback to the letter."""
    program = start(fork_server, ENDS[end])
    assert program.over() == plainly(tmp_path, "demos.it")


def test_a_module_that_is_not_there_is_told_as_python_m_tells_it(fork_server, start, tmp_path):
    """The same words."""
    program = start(fork_server, "", module="demos.none")
    assert program.over() == plainly(tmp_path, "demos.none")


def test_a_command_line_is_the_programs(fork_server):
    """The launcher of the demos, as it is: the list, and a word it does not know."""
    for argv in ([], ["helo"], ["hello", "--port", "x"]):
        program = Program(fork_server, ROOT, "demos", *argv)
        told, plain = program.over(), plainly(ROOT, "demos", *argv)
        program.close()
        assert told == plain


def test_no_two_programs_have_the_same_luck(fork_server, start):
    """They are forks of one process, and their random numbers are their own."""
    luck = "import random, uuid, tempfile\nprint(random.random(), uuid.uuid4(), tempfile.mktemp())"
    programs = [start(fork_server, luck) for _ in range(3)]
    told = [program.over()[1].split() for program in programs]
    assert all(len(set(each)) == 3 for each in zip(*told, strict=True))


def test_output_comes_when_it_is_written(forks, start):
    """Not when there is much of it, nor at the end; errors too."""
    wait = "import sys, time\nprint('é', end='')\nprint('b', file=sys.stderr, end='')\n"
    program = start(forks, wait + "time.sleep(600)")
    assert (program.out.read(1), program.err.read(1)) == ("é", "b")
    program.control.sendall(b"kill\n")
    assert program.hear("ended") == -signal.SIGKILL


def test_where_it_listens_is_told_once_it_does(fork_server, start):
    """The port it really has, not one that was tried only; that of its child, too."""
    program = start(
        fork_server,
        "import socket, subprocess, sys, time\n"
        "serve = 's = socket.create_server((\"127.0.0.1\", 0)); print(s.getsockname()[1])'\n"
        "for _ in range(100): socket.create_server(('127.0.0.1', 0)).close()\n"
        "exec(serve)\n"
        "input = sys.stdin.read()\n"
        "child = 'import socket, time; ' + serve + '; time.sleep(600)'\n"
        "subprocess.Popen([sys.executable, '-c', child], start_new_session=True)\n"
        "time.sleep(600)\n",
    )
    for _ in range(2):
        assert program.hear("listening") == int(program.out.readline())


def test_stop_is_ctrl_c(forks, start):
    """A program can end in its own way."""
    program = start(
        forks,
        "import time\ntry:\n    print('there')\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    print('bye')\n    raise SystemExit(5)",
    )
    program.out.readline()
    program.control.sendall(b"stop\n")
    assert program.over() == (5, "bye\n", "")


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells of children in sessions of their own")
@pytest.mark.parametrize("how", ["stop", "kill", "closed"])
def test_who_does_not_listen_is_killed_with_all_their_children(forks, start, how):
    """In sessions of their own, or without a parent: nobody is left."""
    program = start(forks, STUBBORN)
    pids = [int(each) for each in program.out.readline().split()]
    assert all(map(is_there, pids))
    if how == "closed":
        program.close()
    else:
        program.control.sendall(f"{how}\n".encode())
        assert program.hear("ended") == -signal.SIGKILL
        assert not any(map(is_there, pids))  # the end is told when all are gone
    assert gone(*pids)


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells of children in sessions of their own")
def test_children_outlive_nobody_who_ends_by_themselves(forks, start):
    """A program that leaves a child behind."""
    program = start(forks, STUBBORN.removesuffix("time.sleep(600)\n"))
    pids = [int(each) for each in program.out.readline().split()]
    assert program.hear("ended") == 0
    assert not any(map(is_there, pids))


def test_a_program_that_asks_for_no_mercy_gets_none(forks, start):
    """A loop that never waits is ended, too."""
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    program = start(forks, f"{ignore}\nprint('there')\nwhile True: pass")
    program.out.readline()
    program.control.sendall(b"stop\n")
    assert program.hear("ended") == -signal.SIGKILL


def test_a_fork_server_that_was_killed_is_started_again(fork_server, start):
    """What it started goes on meanwhile, and can be stopped."""
    before = start(fork_server, "print('there')\nimport time; time.sleep(600)")
    before.out.readline()
    fork_server.process.kill()
    fork_server.process.wait()
    assert start(fork_server, "print('again')").over() == (0, "again\n", "")
    before.control.sendall(b"stop\n")
    assert before.hear("ended") == -signal.SIGINT


def test_what_a_killed_keeper_kept_is_killed(fork_server, start):
    """And what another one keeps is not."""
    other = start(fork_server, "print('there')\nimport time; time.sleep(600)")
    other.out.readline()
    program = start(fork_server, STUBBORN)
    pids = [int(each) for each in program.out.readline().split()]
    psutil.Process(pids[0]).parent().kill()
    assert program.hear("ended") is None
    fork_server.sweep()
    assert gone(*pids)
    other.control.sendall(b"kill\n")
    assert other.hear("ended") == -signal.SIGKILL


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells of children in sessions of their own")
@pytest.mark.parametrize("has_server", [True, False])
def test_a_server_that_is_killed_leaves_nobody(tmp_path, has_server):
    """Neither the program, nor its children, nor the fork server."""
    server = (
        "import os, sys, time\n"
        "from slides.room.forks import Forks\n"
        "from tests.room.test_forks import Program\n"
        f"forks = Forks(has_server={has_server})\n"
        "forks.start()\n"
        "program = Program(forks, sys.argv[1])\n"
        "print(forks.process.pid if forks.process else forks._keepers[0].pid,"
        " program.out.readline(), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", server, str(written(tmp_path, STUBBORN))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        pids = [int(each) for each in process.stdout.readline().split()]
        assert len(pids) == 4 and all(map(is_there, pids))
        process.kill()
    assert gone(*pids)
