"""The account that a private run's processes have."""

import os
import pwd
import subprocess
from pathlib import Path


def account(root: Path, python: str) -> str:
    """One's own; for root the owner of the checkout, who can surely read it.

    So `sudo make production` runs nothing as root in a checkout that is not root's. An owner who is
    unknown here, or may not run this Python (in a container, say), leaves it with root.
    """
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        name = pwd.getpwuid(root.stat().st_uid).pw_name
        probe = [python, "-c", "import tornado, supervisor"]
        subprocess.run(
            probe, check=True, capture_output=True, cwd=root, timeout=30, **rights_of(name)
        )
    except (KeyError, OSError, subprocess.SubprocessError):
        return "root"
    return name


def rights_of(name: str) -> dict:
    """What makes a new process run under an account; nothing where it would anyway."""
    entry = pwd.getpwnam(name)
    if os.geteuid() == entry.pw_uid:
        return {}
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
