"""Installs what is missing of apt.txt, on Debian and Ubuntu: `python slides/apt.py`

Tests that need a missing package are skipped, so this never fails: it says what it cannot do.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "build" / "apt.log"


def main() -> None:
    """Install the missing packages in one call, where there is an apt-get and one may use it."""
    missing = [name for name in wanted() if not is_installed(name)]
    names = " ".join(missing)
    if not missing:
        return
    if shutil.which("apt-get") is None:
        print(f"Not installed, as there is no apt-get here: {names}", flush=True)
    elif (sudo := rights()) is None:
        print(f"Not installed, for want of rights; as root: apt-get install {names}", flush=True)
    else:
        print(f"Installing system packages: {names}", flush=True)
        if failed := install(sudo, missing):
            where = LOG.relative_to(ROOT)
            names = " ".join(failed)
            print(f"Not installed: {names}; what apt-get said is in {where}", flush=True)


def wanted(path: Path = ROOT / "apt.txt") -> list[str]:
    """The packages a list names: one a line, with comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def is_installed(package: str) -> bool:
    """Whether dpkg knows a package as installed."""
    try:
        query = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
        return (
            subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"
        )
    except FileNotFoundError:
        return False


def rights() -> list[str] | None:
    """What goes before a command that needs root; None where there is no way without a password."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if (
        shutil.which("sudo")
        and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0
    ):
        return sudo
    return None


def install(sudo: list[str], packages: list[str]) -> list[str]:
    """Install packages, with fresh lists; give those that could not be.

    One that a system does not have (Ubuntu has some as snaps only) makes apt-get refuse them all,
    so then they are asked for one by one.
    """
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        apt_get(sudo, log, "update")
        if apt_get(sudo, log, "install", "--no-install-recommends", *packages):
            return []
        one = ("install", "--no-install-recommends")
        return [name for name in packages if not apt_get(sudo, log, *one, name)]


def apt_get(sudo: list[str], log: IO[bytes], *words: str) -> bool:
    """Run apt-get without questions; whether all went well."""
    command = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", *words]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode == 0


if __name__ == "__main__":
    main()
