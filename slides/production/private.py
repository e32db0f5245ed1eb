"""Private copies of nginx.conf and supervisord.conf: other ports, own folders, another account.

The checked-in files are written for a server, with real values, because slides show them. Here each
of those values is replaced where it stands; a value that is not where it should be is an error, so
that a change of the files can never leave a private run on the server's own ports or folders.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# The values in the checked-in files.
SERVER_ROOT = "/srv/talk"
SERVER_LOGS = "/var/log/supervisor/"
SERVER_STATE = "/var/lib/talk/"
SERVER_DECKS = range(8101, 8103)
SERVER_SPEAKERS = range(8201, 8203)
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
    behind: int  # the first port behind nginx: the decks, their speakers' faces, workers, search
    workers: int
    decks: int = 1
    redis: str = ""  # the program; empty: one process needs no bus

    @property
    def deck_ports(self) -> range:
        """The ports of the deck's processes for the audience."""
        return range(self.behind, self.behind + self.decks)

    @property
    def speaker_ports(self) -> range:
        """Their ports for the speaker."""
        return range(self.deck_ports.stop, self.deck_ports.stop + self.decks)

    @property
    def worker_ports(self) -> range:
        """The ports of the broadcasters."""
        return range(self.speaker_ports.stop, self.speaker_ports.stop + self.workers)

    @property
    def search_port(self) -> int:
        """The port of the service that the broadcasters ask."""
        return self.worker_ports.stop

    @property
    def speaker_port(self) -> int:
        """The port where nginx listens for the speaker, on this machine only."""
        return self.search_port + 1

    @property
    def store(self) -> Path:
        """The file of what the audience asks and votes."""
        return self.state / "room.sqlite"

    @property
    def state(self) -> Path:
        """The folder of what the deck processes share, which is for their account alone."""
        return self.folder / "room"

    @property
    def audience(self) -> str:
        """The address that a phone opens."""
        from slides.room.pages import audience_url

        return audience_url(self.address, self.port)

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
    layout.state.mkdir(mode=0o700, exist_ok=True)
    made = [layout.folder, layout.logs, scratch, layout.state]
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
        text = changed(name, text, changes)
        made[-1].write_text(text if layout.redis else without_redis(text), encoding="utf-8")
    return made


def nginx_changes(layout: Layout) -> list[Change]:
    """What differs in a private nginx.conf; its paths are relative to `nginx -p FOLDER`."""
    scratch = "".join(f"    {name}_temp_path scratch/{name};\n" for name in NGINX_SCRATCH)
    address = f"[{layout.address}]" if ":" in layout.address else layout.address
    return [
        ("listen 80;", f"listen {address}:{layout.port};", 1),
        ("listen 127.0.0.1:8200;", f"listen 127.0.0.1:{layout.speaker_port};", 1),
        (_upstream(SERVER_DECKS), _upstream(layout.deck_ports), 1),
        (_upstream(SERVER_SPEAKERS), _upstream(layout.speaker_ports), 1),
        ("http://127.0.0.1:8101;", f"http://127.0.0.1:{layout.deck_ports[0]};", 1),
        ("http://127.0.0.1:8201;", f"http://127.0.0.1:{layout.speaker_ports[0]};", 1),
        (_upstream(SERVER_WORKERS), _upstream(layout.worker_ports), 1),
        (f"alias {SERVER_ROOT}/build/deck/", "alias deck/", 1),
        ("http {\n", f"http {{\n{scratch}{ACCESS_LOG}", 1),
    ]


def supervisord_changes(layout: Layout) -> list[Change]:
    """What differs in a private supervisord.conf."""
    python, deck = _word(layout.python), _word(str(layout.deck_link))
    socket = _word(str(layout.state / "redis.sock"))
    bus = "unix://" + _word(quote(str(layout.state / "redis.sock")))
    return [
        (f"command={SERVER_ROOT}/.venv/bin/python", f"command={python}", 3),
        (f"directory={SERVER_ROOT}\n", f"directory={layout.root_link}\n", 3),
        ("directory=/var/lib/talk\n", f"directory={layout.state}\n", 1),
        ("command=redis-server ", f"command={_word(layout.redis or 'false')} ", 1),
        (SERVER_LOGS, f"{layout.logs}/", 5),
        ("=/run/", f"={layout.folder}/", 2),
        ("unix:///run/", f"unix://{layout.folder}/", 1),
        ("user=root", f"user={layout.user}", 1),
        ("user=www-data", f"user={layout.user}", 4),
        ("slides serve --xheaders", f"slides serve --xheaders --deck {deck}", 1),
        ("--audience http://talk.example/", f"--audience {_word(layout.audience)}", 1),
        (f"--store {SERVER_STATE}room.sqlite", f"--store {_word(str(layout.store))}", 1),
        (f"--unixsocket {SERVER_STATE}redis.sock", f"--unixsocket {socket}", 1),
        (f"--bus unix://{SERVER_STATE}redis.sock", f"--bus {bus}" if layout.redis else "", 1),
        ("--speaker-after 100", f"--speaker-after {layout.decks}", 1),
        ("numprocs=2", f"numprocs={layout.decks}", 1),
        ("numprocs_start=8101", f"numprocs_start={layout.behind}", 1),
        ("numprocs=4", f"numprocs={layout.workers}", 1),
        ("numprocs_start=8001", f"numprocs_start={layout.worker_ports.start}", 1),
        ("--port 8889", f"--port {layout.search_port}", 1),
        ("d --alone ", f"d --beside search={layout.search_port} --alone ", 1),
    ]


def changed(name: str, text: str, changes: list[Change]) -> str:
    """The text with every change made as often as it says; ChangedFileError otherwise.

    All at once: a new port may be an old one of somebody else.
    """
    for old, _, times in changes:
        if (found := text.count(old)) != times:
            raise ChangedFileError(f"{name} has {old.strip()!r} {found} times, not {times}")
    made = {old: new for old, new, _ in changes}
    return re.sub("|".join(map(re.escape, made)), lambda found: made[found[0]], text)


def without_redis(text: str) -> str:
    """The text without the program that is not there."""
    return re.sub(r"; region: redis\n.*?; endregion\n", "", text, flags=re.DOTALL)


def _upstream(ports: range) -> str:
    return "".join(f"        server 127.0.0.1:{port} max_fails=0;\n" for port in ports)


def _word(text: str) -> str:
    # supervisord fills in each %(NAME)s, and then splits a command line as a shell does.
    return shlex.quote(text).replace("%", "%%")
