"""Private copies of nginx.conf and supervisord.conf: other ports, own folders, another account.

The checked-in files are written for a server, with real values, because slides show them. Here each
of those values is replaced where it stands; a value that is not where it should be is an error, so
that a change of the files can never leave a private run on the server's own ports or folders.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

# The values in the checked-in files.
SERVER_ROOT = "/srv/talk"
SERVER_LOGS = "/var/log/supervisor/"
SERVER_STORE = "/var/lib/talk/room.sqlite"
SERVER_WORKERS = range(8001, 8005)

# Where nginx keeps what does not fit into memory; compiled in, so a private run names them all.
NGINX_SCRATCH = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

# A retry is a line with two addresses: worth watching while workers are killed.
ACCESS_LOG = """
    log_format behind '$remote_addr "$request" $status from $upstream_addr';
    access_log logs/nginx-access.log behind;
"""

Change = tuple[str, str, int]  # what stands there, what is to stand there, how often


class ChangedFileError(Exception):
    """A checked-in file no longer has a value that a private run must replace."""


@dataclass(frozen=True)
class Layout:
    """Where one private run has its files, its ports and its rights."""

    root: Path  # the checkout
    deck: Path
    folder: Path  # everything the run writes
    python: str
    user: str
    address: str
    port: int
    behind: int  # the first port behind nginx: the deck, workers, search, the speaker's view
    workers: int

    @property
    def worker_ports(self) -> range:
        """The ports of the broadcasters."""
        return range(self.behind + 1, self.behind + 1 + self.workers)

    @property
    def search_port(self) -> int:
        """The port of the service that the broadcasters ask."""
        return self.worker_ports.stop

    @property
    def speaker_port(self) -> int:
        """The port of the speaker's view, which nginx passes nothing to."""
        return self.search_port + 1

    @property
    def store(self) -> Path:
        """The file of what the audience asks and votes."""
        return self.folder / "room.sqlite"

    @property
    def ports_behind(self) -> range:
        """All ports that nginx's clients need not know."""
        return range(self.behind, self.speaker_port + 1)

    @property
    def root_link(self) -> Path:
        """Where the run finds the checkout."""
        return self.folder / "checkout"

    @property
    def deck_link(self) -> Path:
        """Where the run finds the deck."""
        return self.folder / "deck"

    @property
    def logs(self) -> Path:
        """The folder of all logs."""
        return self.folder / "logs"


def write(layout: Layout) -> list[Path]:
    """Write both private files and what they refer to; returns what was made."""
    scratch = layout.folder / "scratch"
    for folder in (layout.logs, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    made = [layout.folder, layout.logs, scratch]
    # The files then name only the run's own folder, whatever characters the real paths have.
    for link, target in ((layout.root_link, layout.root), (layout.deck_link, layout.deck)):
        link.unlink(missing_ok=True)
        link.symlink_to(target.resolve())
        made.append(link)
    for name, changes in (
        ("nginx.conf", nginx_changes(layout)),
        ("supervisord.conf", supervisord_changes(layout)),
    ):
        text = (layout.root / name).read_text(encoding="utf-8")
        made.append(layout.folder / name)
        made[-1].write_text(changed(name, text, changes), encoding="utf-8")
    return made


def nginx_changes(layout: Layout) -> list[Change]:
    """What differs in a private nginx.conf; its paths are relative to `nginx -p FOLDER`."""
    listed = [_upstream_line(port) for port in SERVER_WORKERS]
    private = [_upstream_line(port) for port in layout.worker_ports]
    scratch = "".join(f"    {name}_temp_path scratch/{name};\n" for name in NGINX_SCRATCH)
    address = f"[{layout.address}]" if ":" in layout.address else layout.address
    return [
        ("listen 80;", f"listen {address}:{layout.port};", 1),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{layout.behind};", 1),
        ("".join(listed), "".join(private), 1),
        (f"alias {SERVER_ROOT}/build/deck/", "alias deck/", 1),
        ("http {\n", f"http {{\n{scratch}{ACCESS_LOG}", 1),
    ]


def supervisord_changes(layout: Layout) -> list[Change]:
    """What differs in a private supervisord.conf."""
    python, deck = _word(layout.python), _word(str(layout.deck_link))
    return [
        (f"command={SERVER_ROOT}/.venv/bin/python", f"command={python}", 3),
        (f"directory={SERVER_ROOT}\n", f"directory={layout.root_link}\n", 3),
        (SERVER_LOGS, f"{layout.logs}/", 4),
        ("=/run/", f"={layout.folder}/", 2),
        ("unix:///run/", f"unix://{layout.folder}/", 1),
        ("user=root", f"user={layout.user}", 1),
        ("user=www-data", f"user={layout.user}", 3),
        ("--port 8000 ", f"--port {layout.behind} --deck {deck} ", 1),
        ("--speaker-port 8006", f"--speaker-port {layout.speaker_port}", 1),
        (SERVER_STORE, _word(str(layout.store)), 1),
        ("numprocs=4", f"numprocs={layout.workers}", 1),
        ("numprocs_start=8001", f"numprocs_start={layout.behind + 1}", 1),
        ("--port 8889", f"--port {layout.search_port}", 1),
        ("d --alone ", f"d --beside search={layout.search_port} --alone ", 1),
    ]


def changed(name: str, text: str, changes: list[Change]) -> str:
    """The text with every change made as often as it says; ChangedFileError otherwise."""
    for old, new, times in changes:
        if (found := text.count(old)) != times:
            raise ChangedFileError(f"{name} has {old.strip()!r} {found} times, not {times}")
        text = text.replace(old, new)
    return text


def _upstream_line(port: int) -> str:
    return f"        server 127.0.0.1:{port} max_fails=0;\n"


def _word(text: str) -> str:
    # supervisord fills in each %(NAME)s, and then splits a command line as a shell does.
    return shlex.quote(text).replace("%", "%%")
