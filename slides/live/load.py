"""Loads a whole program into the notebook, so that a cell can show and change one part of it."""

import importlib.util
from pathlib import Path


def load(name: str) -> None:
    """Run the program `name` ("demos.hello") in the notebook's own namespace.

    Its functions then find each other there: run a cell that defines one of them anew, and the rest
    of the program uses the new one. The program's `__main__` guard does not fire. Raises
    ModuleNotFoundError where there is no such program.
    """
    from IPython import get_ipython

    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no program {name!r}", name=name)
    code = compile(Path(spec.origin).read_text(encoding="utf-8"), spec.origin, "exec")
    namespace = get_ipython().user_ns  # type: ignore[no-untyped-call]
    kept = namespace["__name__"]
    namespace |= {"__name__": name, "__file__": spec.origin}
    try:
        exec(code, namespace)
    finally:
        namespace["__name__"] = kept
