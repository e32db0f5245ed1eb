"""Measures what telling everybody costs: the room's crowd beside its peers and the floor.

    build/bench-room/bin/python bench/room/bench_room.py [--followers 100 1000] [--rounds 5]

A round runs every server once at every number of followers, in an order of its own, so that a
machine that grows slower does so for all of them.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from figures import Run, Runs, Said, result_of, show
from peers import BUILT, HERE, SERVERS, Server

FOLLOWERS = (100, 1000, 5000, 10_000)
BYTES = 200  # of a message, which is what a slide change takes
BURST = 4  # messages said at once, as votes and a slide change may be
PAUSE_MS = 10  # after which a message is alone
TIMES = 100  # that something is said in a run, and more when few hear it; or for so many seconds
DELIVERIES = 200_000
SECONDS = 1.5
MINUTES = 20  # after which no further round begins
SPARE = 100  # descriptors that a process needs besides its connections


def main() -> None:
    """Run the rounds, print the tables, and write the result where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--followers", type=int, nargs="+", default=FOLLOWERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="begin no round after these")
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: does it all run?")
    parser.add_argument("--resume", action="store_true", help="keep what a stopped run measured")
    parser.add_argument("--only", nargs="+", default=[""], help="servers with this in their names")
    parser.add_argument("--out", type=Path, help="write the result as JSON")
    args = parser.parse_args()
    if args.smoke:
        args.followers, args.rounds = (20,), 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    compile_c()
    load = os.getloadavg()[0]
    wanted = [each for each in SERVERS if any(words in each.name for words in args.only)]
    servers = [each for each in wanted if is_there(each)]
    numbers = [number for number in args.followers if is_allowed(number)]
    seconds = SECONDS / 10 if args.smoke else SECONDS
    measured = Measured(BUILT / f"{'smoke' if args.smoke else 'runs'}.jsonl", args.resume)
    end = time.monotonic() + 60 * args.minutes
    table = measure(servers, numbers, args.rounds, seconds=seconds, measured=measured, end=end)
    for number in numbers:
        print(show(number, table[number]))
    if args.out:
        result = {"followers": result_of(table)} | machine(args.rounds, load, args.smoke)
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def compile_c() -> None:
    """Make the floor and the audience."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in ("floor", "load"):
        subprocess.run(["cc", "-O2", "-o", BUILT / name, HERE / f"{name}.c"], check=True)


def is_there(server: Server) -> bool:
    """Tell whether a server is installed, and say so when it is not."""
    if missing := server.missing():
        print(f"left out: {server.name}, as {missing} is not installed")
    return not missing


def is_allowed(followers: int) -> bool:
    """Tell whether a process may have so many connections, and say so when it may not."""
    wanted, (now, most) = followers + SPARE, resource.getrlimit(resource.RLIMIT_NOFILE)
    if wanted > now:
        with contextlib.suppress(ValueError, OSError):  # beyond the upper limit only root may go
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, most)))
            now = wanted
    if wanted > now:
        print(f"left out: {followers} followers, as `ulimit -n` is {most} at most")
    return wanted <= now


class Measured:
    """The runs so far, in a file: whoever is stopped goes on where they were."""

    def __init__(self, path: Path, keep: bool) -> None:
        self.path = path
        if not keep:
            path.unlink(missing_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self.runs = {tuple(key): run for key, run in map(json.loads, lines)}

    def get(self, *key: object) -> Run | None:
        """What was measured for a round, a number and a server."""
        run = self.runs.get(key)
        if run is None:
            return None
        parts = {name: Said(**run.pop(name)) for name in ("alone", "steady", "burst")}
        return Run(**run, **parts)

    def add(self, run: Run, *key: object) -> None:
        """Keep one more."""
        with self.path.open("a") as file:
            print(json.dumps([key, asdict(run)]), file=file)


def measure(
    servers: list[Server],
    numbers: list[int],
    rounds: int,
    *,
    seconds: float,
    measured: Measured,
    end: float,
) -> dict[int, dict[str, Runs]]:
    """Give all runs, by followers and server; no round begins after `end`, but for the first."""
    table = {number: {each.name: Runs() for each in servers} for number in numbers}
    for turn in range(rounds):
        if turn and time.monotonic() > end:
            print(f"the time is over after {turn} rounds")
            break
        for number in numbers:
            for server in random.Random(turn).sample(servers, len(servers)):
                runs, key = table[number][server.name], (turn, number, server.name)
                try:
                    done = measured.get(*key)
                    if done is None:
                        done = run(server, number, seconds)
                        measured.add(done, *key)
                    runs.runs.append(done)
                    figures = f"{done.steady.cpu_us:7.2f} µs"
                except BrokenPipeError as broken:
                    runs.failed.append(str(broken))
                    figures = str(broken)
                print(f"round {turn + 1}: {number:6} {server.name:<30} {figures}", flush=True)
    return table


def run(server: Server, followers: int, seconds: float) -> Run:
    """One server, once; BrokenPipeError tells why it could not."""
    port = free_port()
    command = [each.format(port=port, followers=followers) for each in server.command]
    with process(command, 0, "ready\n") as serving:
        path = "/socket.io/?EIO=4&transport=websocket" if server.socketio else "/"
        audience = [str(BUILT / "load"), str(port), path, *["socketio"] * server.socketio]
        with process(audience, 1) as load:
            before = memory(serving.pid)
            join_s = float(ask(load, f"join {followers}")[-1])
            say(serving.pid, load, followers, 1, seconds=seconds / 4)  # to warm up
            alone = say(serving.pid, load, followers, 1, seconds=seconds, pause_ms=PAUSE_MS)
            steady = say(serving.pid, load, followers, 1, seconds=seconds)
            burst = say(serving.pid, load, followers, BURST, seconds=seconds)
            kb = (memory(serving.pid) - before) / followers
    return Run(join_s / followers, kb, alone, steady, burst)


def say(
    pid: int,
    load: subprocess.Popen[str],
    followers: int,
    burst: int,
    *,
    seconds: float,
    pause_ms: int = 0,
) -> Said:
    """Say something again and again, and see what that costs."""
    times = TIMES if pause_ms else max(TIMES, DELIVERIES // followers // burst)
    before = cpu(pid)
    *micros, own = ask(load, f"say {times} {burst} {pause_ms} {BYTES} {seconds}")
    used, deliveries = cpu(pid) - before, len(micros) * burst * followers
    last_ms = [float(each) / 1000 for each in micros]
    return Said(used / deliveries * 1e6, float(own) / deliveries * 1e6, last_ms)


def ask(load: subprocess.Popen[str], command: str) -> list[str]:
    """Have the audience do something; what it answers, without the word that ends it."""
    assert load.stdin is not None
    assert load.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # its last words tell why
        print(command, file=load.stdin, flush=True)
    answer: list[str] = []
    for line in load.stdout:
        answer.append(line.split()[-1])
        if " " in line:
            return answer
    assert load.stderr is not None
    raise BrokenPipeError(load.stderr.read().strip())


@contextlib.contextmanager
def process(command: list[str], core: int, ready: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process on a core of its own, from when it says that it is ready."""
    cores = sorted(os.sched_getaffinity(0))
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    os.sched_setaffinity(0, {cores[core % len(cores)]})  # for the process to inherit
    try:
        started = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
    finally:
        os.sched_setaffinity(0, cores)
    with started:
        try:
            if ready and started.stdout.readline() != ready:
                raise BrokenPipeError(started.stderr.read().strip().splitlines()[-1:])
            yield started
        finally:
            started.terminate()  # it may have processes of its own to end
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)


def family(pid: int) -> list[int]:
    """A process and all that it started: a server may be several, with a proxy and a bus."""
    children: list[str] = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        children += each.read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu(pid: int) -> float:
    """Seconds that a server has computed, all its threads together, to the nanosecond."""
    threads = [each for one in family(pid) for each in Path(f"/proc/{one}/task").iterdir()]
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) * 1e-9


def memory(pid: int) -> float:
    """kB that a server has in memory (PSS); what the system has for its sockets is not in that."""
    total = 0.0
    for one in family(pid):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        [line] = [line for line in lines if line.startswith("Pss:")]
        total += float(line.split()[1])
    return total


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def machine(rounds: int, load: float, smoke: bool) -> dict[str, object]:
    """Where and with what it was measured."""
    packages = sorted({package for server in SERVERS for package in server.packages})
    installed = {}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            installed[package] = version(package)
    node = HERE / "node_modules" / "ws" / "package.json"
    if node.exists():
        installed["ws"] = json.loads(node.read_text())["version"]
    return {
        "rounds": rounds,
        "smoke": smoke,
        "bytes": BYTES,
        "burst": BURST,
        "load_before": round(load, 2),
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "processor": processor(),
        "versions": installed,
    }


def processor() -> str:
    """What the system calls it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
