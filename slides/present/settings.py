"""What Jupyter is told, in private files: the user's own settings play no part."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slides.notebook import ROOT
from slides.present.folder import FRONTS

HERE = Path(__file__).parent
EXTENSIONS = {"lab": ["jupyterlab_rise"], "classic": ["nbclassic"]}


@dataclass(frozen=True)
class Stage:
    """One presentation: the copy, Jupyter's private files, its front, its port and its token."""

    root: Path
    private: Path
    front: str
    port: int
    token: str

    @property
    def origin(self) -> str:
        """Where Jupyter is, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def address(self, chapter: str) -> str:
        """The address that opens a chapter in the slideshow."""
        front = "rise" if self.front == "lab" else "nbclassic/notebooks"
        return f"{self.origin}/{front}/notebooks/{chapter}.ipynb?token={self.token}"

    @property
    def is_kept(self) -> bool:
        """Whether the copy stays when Jupyter has ended."""
        return not self.root.is_relative_to(self.private)

    @property
    def log(self) -> Path:
        """Jupyter's log."""
        return self.private / "jupyter.log"


def configure(stage: Stage) -> None:
    """Write the settings, the kernelspec and the slideshow's keys into the private folder."""
    write(stage.private / "config/jupyter_server_config.json", server(stage))
    write(stage.private / "config/serverconfig/notebook.json", CLASSIC)
    # Classic RISE may look for its settings before the notebook is there to have them.
    write(stage.private / "config/serverconfig/rise.json", FRONTS["classic"])
    write(stage.private / "app/settings/overrides.json", OVERRIDES)
    write(stage.private / "data/kernels/python3/kernel.json", kernel())
    labextensions = stage.private / "data/labextensions"
    write(labextensions / "talk-keys/package.json", PACKAGE)
    copy(HERE / "keys.js", labextensions / "talk-keys/static")
    copy(HERE / "classic.js", stage.private / "data/nbextensions/talk")
    # Of JupyterLab's extensions only RISE's: others expect a newer one than RISE bundles.
    rise = Path(sys.prefix) / "share/jupyter/labextensions/jupyterlab-rise"
    (labextensions / "jupyterlab-rise").symlink_to(rise)


def copy(path: Path, folder: Path) -> None:
    """Copy one file into a folder that need not be there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write one JSON file, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def server(stage: Stage) -> dict[str, Any]:
    """Settings of the server: only what the slideshow needs, nothing that needs a network."""
    private = stage.private
    return {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": stage.port,
            "port_retries": 0,
            "root_dir": str(stage.root),
            "open_browser": False,
            "allow_root": True,
            "answer_yes": True,
            "terminals_enabled": False,
            "jpserver_extensions": extensions(stage.front),
        },
        "IdentityProvider": {"token": stage.token},
        "FileCheckpoints": {"checkpoint_dir": str(private / "checkpoints")},
        "KernelManager": {"shutdown_wait_time": 1.0},
        "KernelSpecManager": {
            "kernel_dirs": [str(private / "data/kernels")],
            "ensure_native_kernel": False,
        },
        "RiseApp": {
            "app_settings_dir": str(private / "app/settings"),
            "user_settings_dir": str(private / "settings"),
            "workspaces_dir": str(private / "workspaces"),
            "labextensions_path": [str(private / "data/labextensions")],
        },
    }


def extensions(front: str) -> dict[str, bool]:
    """Server extensions: all those installed are off, but the slideshow's."""
    folder = Path(sys.prefix) / "etc/jupyter/jupyter_server_config.d"
    off = {
        name: False
        for path in folder.glob("*.json")
        for name in json.loads(path.read_bytes())
        .get("ServerApp", {})
        .get("jpserver_extensions", {})
    }
    return off | dict.fromkeys(EXTENSIONS[front], True)


def kernel() -> dict[str, Any]:
    """The kernelspec: this Python, with the extension that runs a notebook's set-up cells."""
    loader = "--InteractiveShellApp.extra_extensions=slides.live.setup"
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", loader],
        "display_name": "Python 3",
        "language": "python",
    }


def environment(stage: Stage) -> dict[str, str]:
    """The environment of Jupyter and its kernels."""
    private = stage.private
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "SLIDES_"))
    }
    return inherited | {
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "PYTHONNOUSERSITE": "1",
        "IPYTHONDIR": str(private / "ipython"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


PACKAGE = {
    "name": "talk-keys",
    "version": "1.0.0",
    "jupyterlab": {"extension": True, "_build": {"load": "static/keys.js", "extension": "./keys"}},
}

CLASSIC = {"load_extensions": {"rise/main": True, "talk/classic": True}}

OVERRIDES = {
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 30},
    "@jupyterlab/notebook-extension:tracker": {
        "codeCellConfig": {"lineNumbers": False, "lineWrap": False},
        "scrollPastEnd": False,
        "showEditorForReadOnlyMarkdown": False,
    },
}
