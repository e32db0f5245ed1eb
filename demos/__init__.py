"""Small Tornado programs, one idea each; `python -m demos` lists them.

`python -m demos.NAME` runs one as it stands. What follows gives that
command its manners: imported in any other way, this does nothing.
"""

import errno
import os
import sys
from types import TracebackType

# Python sets this while it looks for the module of `-m`.
if sys.argv[:1] == ["-m"]:
    program = sys.orig_argv[sys.orig_argv.index("-m") + 1]

    def explain(
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        """Say a busy port and Ctrl-C in a sentence, not a traceback."""
        if isinstance(error, KeyboardInterrupt):
            return
        if getattr(error, "errno", None) != errno.EADDRINUSE:
            sys.__excepthook__(kind, error, trace)
            return
        name = program.partition(".")[2]
        print(f"{program}: its port is in use.", file=sys.stderr)
        print(f"Try: python -m demos {name} --port N", file=sys.stderr)
        sys.stderr.flush()
        os._exit(2)

    sys.excepthook = explain
