"""Notebooks in, offline deck out."""

import sys
from typing import Any

# jsonschema, which nbformat imports, looks for this checker of web addresses and does without it
# where it is missing. To import it takes a second, and no notebook has an address to check.
modules: dict[str, Any] = sys.modules  # type: ignore[assignment]
modules.setdefault("rfc3987_syntax", None)
