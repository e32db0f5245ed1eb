"""Compiles modules with the Python that will import them: a tab's, which runs this in Node.js.

A job is a folder, mounted at /job. Its job.json says which of the standard library's modules
are imported (`imports`), and where its own modules will be (`place`). Beside each module of its
folder `modules` comes its bytecode; that of the standard library's modules that were imported
comes into `library`.
"""

import contextlib
import importlib
import json
import sys
from importlib.util import MAGIC_NUMBER, source_hash
from marshal import dumps
from pathlib import Path

JOB = Path("/job")
MODULES = JOB / "modules"
LIBRARY = "/lib/python314.zip/"
UNCHECKED = 0b01  # PEP 552: known by its source's hash, which is not looked at


def bytecode(source: bytes, filename: str) -> bytes:
    """The content of a .pyc file that is taken as it is: source and bytecode are one archive's."""
    code = compile(source, filename, "exec", dont_inherit=True)
    return MAGIC_NUMBER + UNCHECKED.to_bytes(4, "little") + source_hash(source) + dumps(code)


def compile_modules(place: str) -> None:
    """Compile the job's own modules, which tracebacks will show as files in `place`."""
    for path in sorted(MODULES.rglob("*.py")):
        filename = f"{place}/{path.relative_to(MODULES).as_posix()}"
        path.with_suffix(".pyc").write_bytes(bytecode(path.read_bytes(), filename))


def compile_library(imports: list[str]) -> None:
    """Compile what there is in the standard library after these imports."""
    sys.path.append(str(MODULES))
    for name in imports:
        with contextlib.suppress(ImportError):  # for another system, or an attribute
            importlib.import_module(name)
    specs = [getattr(module, "__spec__", None) for module in list(sys.modules.values())]
    for spec in sorted(filter(None, specs), key=lambda spec: spec.name):
        if (spec.origin or "").startswith(LIBRARY):
            path = JOB / "library" / f"{spec.origin.removeprefix(LIBRARY)}c"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytecode(spec.loader.get_data(spec.origin), spec.origin))


job = json.loads((JOB / "job.json").read_text())
compile_modules(job["place"])
if job["imports"]:
    compile_library(job["imports"])
