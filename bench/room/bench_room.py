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
from collections.abc import Iterator
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
SECONDS = 2.0
SPARE = 100  # descriptors that a process needs besides its connections


def main() -> None:
    """Run the rounds, print the tables, and write the result where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--followers", type=int, nargs="+", default=FOLLOWERS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[""], help="servers with this in their names")
    parser.add_argument("--out", type=Path, help="write the result as JSON")
    args = parser.parse_args()
    compile_c()
    load = os.getloadavg()[0]
    wanted = [each for each in SERVERS if any(words in each.name for words in args.only)]
    servers = [each for each in wanted if is_there(each)]
    numbers = [number for number in args.followers if is_allowed(number)]
    table = measure(servers, numbers, args.rounds)
    for number in numbers:
        print(show(number, table[number]))
    if args.out:
        result = {"followers": result_of(table)} | machine(args.rounds, load)
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


def measure(servers: list[Server], numbers: list[int], rounds: int) -> dict[int, dict[str, Runs]]:
    """Give all runs, by followers and server."""
    table = {number: {each.name: Runs() for each in servers} for number in numbers}
    for turn in range(rounds):
        for number in numbers:
            for server in random.Random(turn).sample(servers, len(servers)):
                runs = table[number][server.name]
                try:
                    runs.runs.append(run(server, number))
                    figures = f"{runs.runs[-1].steady.cpu_us:7.2f} µs"
                except BrokenPipeError as broken:
                    runs.failed.append(str(broken))
                    figures = str(broken)
                print(f"round {turn + 1}: {number:6} {server.name:<30} {figures}", flush=True)
    return table


def run(server: Server, followers: int) -> Run:
    """One server, once; BrokenPipeError tells why it could not."""
    port = free_port()
    command = [each.format(port=port) for each in server.command]
    with process(command, 0, "ready\n") as serving:
        path = "/socket.io/?EIO=4&transport=websocket" if server.socketio else "/"
        audience = [str(BUILT / "load"), str(port), path, *["socketio"] * server.socketio]
        with process(audience, 1) as load:
            before = memory(serving.pid)
            join_s = float(ask(load, f"join {followers}")[-1])
            say(serving.pid, load, followers, 1, seconds=SECONDS / 4)  # to warm up
            alone = say(serving.pid, load, followers, 1, pause_ms=PAUSE_MS)
            steady = say(serving.pid, load, followers, 1)
            burst = say(serving.pid, load, followers, BURST)
            kb = (memory(serving.pid) - before) / followers
    return Run(join_s / followers, kb, alone, steady, burst)


def say(
    pid: int,
    load: subprocess.Popen[str],
    followers: int,
    burst: int,
    *,
    seconds: float = SECONDS,
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
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)


def cpu(pid: int) -> float:
    """Seconds that a process has computed, all its threads together, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) * 1e-9


def memory(pid: int) -> float:
    """kB that a process has in memory; what the system has for its sockets is not in that."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return float(line.split()[1])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def machine(rounds: int, load: float) -> dict[str, object]:
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
        "bytes": BYTES,
        "burst": BURST,
        "load_before": round(load, 2),
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": installed,
    }


if __name__ == "__main__":
    main()
