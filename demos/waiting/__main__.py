"""`python -m demos.waiting compare` runs every way to wait, in turn."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from demos.waiting.client import count, seconds
from demos.waiting.database import Unavailable, database
from demos.waiting.modes import EXTRA, MODES

NAMES = {mode.name: mode for mode in MODES}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    args = command_line().parse_args(argv)
    # Ctrl-C ends it, even behind an `&`; and so does being terminated.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(
        signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT)
    )
    try:
        return args.run(args)
    except ModuleNotFoundError as error:
        return refuse(f"the package {error.name!r} is missing: {EXTRA}")
    except Unavailable as error:
        return refuse(str(error))
    except KeyboardInterrupt:
        print()
        return 130


def refuse(why: str) -> int:
    print(f"waiting: {why}", file=sys.stderr)
    return 2


def command_line() -> argparse.ArgumentParser:
    """The verbs and their options."""
    line = argparse.ArgumentParser(prog="python -m demos.waiting")
    verbs = line.add_subparsers(metavar="VERB", required=True)
    add_compare(
        verbs.add_parser("compare", help="run the modes in turn")
    )
    add_serve(verbs.add_parser("serve", help="serve one mode"))
    add_traps(verbs.add_parser("traps", help="fall into the traps"))
    tables = verbs.add_parser("create-tables", help="make the to-dos")
    tables.set_defaults(run=create_tables)
    beside = verbs.add_parser(
        "postgres", help="run a command beside a private PostgreSQL"
    )
    beside.add_argument("command", nargs=argparse.REMAINDER)
    beside.set_defaults(run=run_beside)
    return line


def add_compare(line: argparse.ArgumentParser) -> None:
    add = line.add_argument
    add("modes", nargs="*", type=mode, metavar="MODE", help=MODE_HELP)
    add("--requests", type=count, default=5, metavar="N")
    add("--sleep", type=seconds, default=1.0, metavar="SECONDS")
    add("--save", type=Path, metavar="FILE.json", help="keep the run")
    line.set_defaults(run=compare)


def add_serve(line: argparse.ArgumentParser) -> None:
    add = line.add_argument
    add("mode", type=mode, help=MODE_HELP)
    add("--port", type=int, default=8000, help="default: 8000")
    add("--at-once", type=count, default=10, metavar="N")
    line.set_defaults(run=serve)


def add_traps(line: argparse.ArgumentParser) -> None:
    line.add_argument("--save", type=Path, metavar="FILE.json")
    line.set_defaults(run=fall_in)


MODE_HELP = ", ".join(NAMES)


def mode(name: str) -> str:
    """A mode's name; argparse refuses the rest with this sentence."""
    if name in NAMES:
        return name
    raise argparse.ArgumentTypeError(
        f"no mode {name!r}; there is {MODE_HELP}"
    )


def compare(args: argparse.Namespace) -> int:
    """Run the modes with a progress bar, and print the table."""
    from demos.waiting import comparison

    names = args.modes or list(NAMES)
    modes = [NAMES[name] for name in names]
    with database() as url:
        run = comparison.run(modes, url, args.requests, args.sleep)
    if args.save:
        run.save(args.save)
    return 0 if run.results else 2


def fall_in(args: argparse.Namespace) -> int:
    """Run the programs that show the traps."""
    from demos.waiting import traps

    with database() as url:
        traps.run(url, args.save)
    return 0


def serve(args: argparse.Namespace) -> int:
    """Serve one mode until Ctrl-C."""
    from demos.waiting.child import begin, is_free

    chosen = NAMES[args.mode]
    if missing := chosen.missing():
        return refuse(
            f"{args.mode} needs {', '.join(missing)}: {EXTRA}"
        )
    if not is_free(args.port):
        other = f"--port {args.port + 1}"
        return refuse(f"port {args.port} is in use; try {other}")
    with database() as url:
        create_tables_at(url)
        print(f"{chosen.title}: http://localhost:{args.port}/")
        print("Ask it: python -m demos.waiting.client", flush=True)
        command = chosen.command(args.port, args.at_once)
        server = begin(command, chosen.environment(url))
        return until_interrupted(server)


def create_tables(args: argparse.Namespace) -> int:
    """As `flask_app --create-tables`: at DATABASE_URL."""
    from demos.waiting.database import address

    create_tables_at(address())
    print("The table of to-dos is there.")
    return 0


def create_tables_at(url: str) -> None:
    from demos.waiting import flask_app
    from demos.waiting.database import address

    flask_app.create_tables(flask_app.make_app(address(url=url)))


def run_beside(args: argparse.Namespace) -> int:
    """Run a command with DATABASE_URL; without one, until Ctrl-C."""
    with database() as url:
        if not args.command:
            print(f"export DATABASE_URL={url!r}", flush=True)
        command = args.command or [*SLEEP_ON]
        beside = os.environ | {"DATABASE_URL": url}
        try:
            return until_interrupted(
                subprocess.Popen(command, env=beside)
            )
        except OSError as error:
            return refuse(f"{command[0]}: {error.strerror}")


SLEEP_ON = (sys.executable, "-c", "import signal; signal.pause()")


def until_interrupted(process: subprocess.Popen) -> int:
    """Wait for a process to end; when told to end, end it."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        if process.stdin:
            process.stdin.close()
        process.terminate()
        process.wait()
        return 130


if __name__ == "__main__":
    sys.exit(main())
