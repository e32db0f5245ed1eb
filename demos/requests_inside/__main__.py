"""`python -m demos.requests_inside compare`: every way, in a table."""

import argparse
import math
import signal
import sys
from pathlib import Path

from demos.requests_inside.child import ChildFailed
from demos.requests_inside.recorded import HEADS, Result, row

MISSING = "is missing: pip install -e '.[waiting]'"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    args = command_line().parse_args(argv)
    # Ctrl-C ends it, even behind an `&`.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return compare(args)
    except ModuleNotFoundError as error:
        return refuse(f"the package {error.name!r} {MISSING}")
    except (ChildFailed, OSError) as error:
        return refuse(str(error))
    except KeyboardInterrupt:
        print()
        return 130


def refuse(why: str) -> int:
    print(f"requests_inside: {why}", file=sys.stderr)
    return 2


def command_line() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(
        prog="python -m demos.requests_inside",
        epilog="To serve it: python -m demos requests_inside",
    )
    verbs = line.add_subparsers(metavar="VERB", required=True)
    verb = verbs.add_parser("compare", help="measure every way")
    add = verb.add_argument
    add("--calls", type=count, default=50, metavar="N")
    add("--delay", type=seconds, default=0.2, metavar="SECONDS")
    add("--save", type=Path, metavar="FILE.json", help="keep the run")
    return line


def count(text: str) -> int:
    """A whole number; argparse refuses the rest with this sentence."""
    if text.isdecimal() and 1 <= int(text) <= 1000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not from 1 to 1000")


def seconds(text: str) -> float:
    """Seconds, as for `count`."""
    value = float(text)
    if math.isfinite(value) and 0 < value <= 10:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to 10")


def compare(args: argparse.Namespace) -> int:
    """Print each row when it is measured; save the run if asked to."""
    # The second is imported to learn here what a child would lack.
    from demos.requests_inside import comparison, measured  # noqa: F401

    title = f"{args.calls} calls at once, {args.delay:g} s each"
    print(row(title, list(HEADS)), flush=True)
    run = comparison.compare(args.calls, args.delay, tell)
    print(f"\n{run.measured()}")
    if args.save:
        run.save(args.save)
    return 0


def tell(result: Result) -> None:
    print(row(result.title, result.figures()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
