"""Shows things in the notebook, where there is one."""

import sys
from pathlib import Path
from typing import Any


def in_notebook() -> bool:
    """Tell whether there is a kernel that shows what is displayed."""
    # A kernel has imported IPython long ago; anybody else need not wait for it.
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return get_ipython() is not None  # type: ignore[no-untyped-call]


def loaded_program() -> str | None:
    """Give the name of the program `load` put into the notebook, if it did."""
    if not in_notebook():
        return None
    from IPython import get_ipython

    file = get_ipython().user_ns.get("__file__")  # type: ignore[no-untyped-call]
    return Path(file).stem if file else None


def display(bundle: dict[str, Any], display_id: str | None = None, update: bool = False) -> None:
    """Display a mime bundle, or update one that was displayed; outside a notebook do nothing."""
    if not in_notebook():
        return
    from IPython.display import publish_display_data

    transient = {"display_id": display_id} if display_id else None
    publish_display_data(bundle, transient=transient, update=update)
