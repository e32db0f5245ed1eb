"""The table: what blocks and what does not, in how many threads; and an end that leaves nothing."""

import contextlib
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("greenlet", reason="pip install -e '.[waiting]'")

from demos.requests_inside import comparison
from demos.requests_inside.recorded import RECORDED, Result, Run, load, table_html
from demos.requests_inside.ways import WAYS

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "demos.requests_inside", "compare"]
CALLS, DELAY = 15, 0.3
NAMES = [way.name for way in WAYS]
SIZED = ("threads", "bridge", "await")
PATIENCE = 20  # seconds for processes to begin or to end


@pytest.fixture(scope="module")
def run():
    """A real comparison, a short one."""
    return comparison.compare(CALLS, DELAY)


@pytest.fixture(scope="module", params=["measured here", "recorded"])
def either(request, run):
    """That one, and the one that the slides show: what is true of both is said on a slide."""
    return run if request.param == "measured here" else load()


def cores_of(run):
    return int(re.search(r"(\d+) cores", run.machine)[1])


def test_every_way_is_measured_in_order(either):
    """From what blocks to what we would write ourselves."""
    assert [each.way for each in either.results] == NAMES
    assert [each.title for each in either.results] == [way.title(either.calls) for way in WAYS]


def test_blocking_is_one_call_at_a_time(either):
    """All the delays in a row, in one thread, and nobody else is served meanwhile."""
    blocking = either.result("blocking")
    assert (blocking.overlapped, blocking.threads) == (1, 1)
    assert blocking.seconds >= either.calls * either.delay
    assert blocking.lag >= either.delay * 1000


@pytest.mark.parametrize("way", SIZED)
def test_what_is_sized_right_waits_but_once(either, way):
    """Several times faster than blocking, and the loop is hardly ever late beside it."""
    blocking, sized = either.result("blocking"), either.result(way)
    assert sized.seconds < blocking.seconds / 3
    assert sized.lag < blocking.lag / 3
    assert sized.overlapped > 10


def test_ten_clients_are_waves_of_ten(either):
    """AsyncHTTPClient's default, under the bridge as under await."""
    for way in ("bridge-10", "await-10"):
        assert either.result(way).overlapped == 10
        assert either.result(way).seconds >= math.ceil(either.calls / 10) * either.delay


def test_default_threads_are_waves_of_cores_and_four(either):
    """A small machine has few."""
    size = min(32, cores_of(either) + 4)
    default = either.result("threads-default")
    assert default.overlapped == min(size, either.calls)
    assert default.threads == min(size, either.calls) + 1
    assert default.seconds >= math.ceil(either.calls / size) * either.delay


def test_defaults_are_slower_than_what_is_sized(either):
    """Each trap beside its way out."""
    size = min(32, cores_of(either) + 4)
    for way, trap in (("bridge", "bridge-10"), ("await", "await-10")):
        assert either.result(way).seconds < either.result(trap).seconds
    if size < either.calls / 2:
        assert either.result("threads").seconds < either.result("threads-default").seconds


def test_only_threads_cost_threads(either):
    """The others have at most those in which asyncio looks names up."""
    lookups = min(32, cores_of(either) + 4) + 1
    assert either.result("threads").threads > lookups
    assert either.result("bridge").threads <= lookups
    assert either.result("await").threads <= lookups


def test_the_recorded_run_is_the_one_that_was_asked_for():
    """Fifty calls of a fifth of a second, with what they were measured with."""
    run = load()
    assert (run.calls, run.delay) == (50, 0.2)
    assert {"python", "tornado", "requests", "greenlet"} <= set(run.versions)


def test_a_run_is_saved_and_loaded_as_it_was(run, tmp_path):
    """As JSON that a person can read, too."""
    run.save(tmp_path / "run.json")
    assert load(tmp_path / "run.json") == run
    assert f'"delay": {DELAY}' in (tmp_path / "run.json").read_text()
    assert RECORDED.read_text().endswith("}\n")


def test_the_table_of_a_slide_has_every_row_and_says_where_it_is_from():
    """Of the recorded run, if of no other."""
    run, html = load(), table_html()
    assert html.startswith('<table class="recorded"><caption>')
    assert f"<caption>{run.date}, {run.machine}, python {run.versions['python']}" in html
    assert html.count("<tr>") == len(WAYS) + 1
    for each in run.results:
        assert f'<th scope="row">{each.title}</th><td>{each.seconds:.2f}</td>' in html


def test_what_a_table_shows_is_escaped():
    """A machine's name is anybody's."""
    odd = Result("x", "<i>", 1, 1, 1, 1, 1)
    html = table_html(Run(1, 1, "today", "<b>", {}, [odd]))
    assert "<b>" not in html
    assert "<i>" not in html


def test_a_slide_needs_none_of_the_packages():
    """The table is drawn where nothing of the extra is installed."""
    program = (
        "import sys; sys.modules |= dict.fromkeys(['greenlet', 'psutil', 'requests', 'tornado'])\n"
        "from demos.requests_inside.recorded import table_html; print(table_html()[:6])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("<table\n", "")


def test_the_command_prints_the_table_and_keeps_it(tmp_path):
    """A row each, and then with what it was measured."""
    kept = tmp_path / "run.json"
    words = ["--calls", "3", "--delay", "0.05", "--save", str(kept)]
    done = subprocess.run(
        [*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    heads, *rows, empty, measured = done.stdout.splitlines()
    assert heads.startswith("3 calls at once, 0.05 s each")
    run = load(kept)
    assert [row.split() for row in rows] == [
        [*each.title.split(), *each.figures()] for each in run.results
    ]
    assert (empty, measured) == ("", run.measured())


@pytest.mark.parametrize(
    "words, why",
    [
        (["--calls", "0"], "'0' is not from 1 to 1000"),
        (["--delay", "nan"], "'nan' is not from 0 to 10"),
        (["--delay", "soon"], "invalid seconds value: 'soon'"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(words, why):
    """Before anything is started."""
    done = subprocess.run(
        [*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_comparison_that_is_ended_leaves_no_process(number):
    """Not even when it is killed, and while its server is blocked."""
    words = ["--calls", "20", "--delay", "5"]
    servers = []
    with subprocess.Popen([*COMMAND, *words], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            servers = two_children(process.pid)
            process.send_signal(number)
            process.wait(PATIENCE)
            _, left = psutil.wait_procs(servers, PATIENCE)
        finally:
            process.kill()
            for each in servers:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()  # psutil makes sure that the pid is still that process'
    assert left == []
    assert process.returncode == (130 if number == signal.SIGINT else -number)


def two_children(pid):
    """The slow service and the server of a way, when both are asked."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        servers = psutil.Process(pid).children()
        if len(servers) == 2 and any(each.net_connections() for each in servers[1:]):
            return servers
        time.sleep(0.02)  # another process' child tells nobody
    raise AssertionError(f"{os.getpid()}: the servers did not begin")
