"""The page's clients of a program in the tab: HTTP, websockets and the curl line."""

import subprocess
from pathlib import Path

import pytest

from slides.build.assets import AssetsError, tool

FOLDER = Path(__file__).parent / "net"
TIMEOUT = 60  # seconds


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Node.js; skip where there is none."""
    try:
        command = [tool("node"), *arguments]
    except AssetsError as error:
        pytest.skip(str(error))
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)


@pytest.mark.parametrize("module", sorted(FOLDER.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_the_modules_own_tests_pass(module: Path) -> None:
    """The tests in JavaScript, against real sockets, say all is well."""
    ran = node("--test", str(module))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout
