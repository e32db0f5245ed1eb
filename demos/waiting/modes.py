"""The ways to serve the two routes, and what each is started with."""

import importlib.util
import sys
from dataclasses import dataclass

from demos.waiting.database import address

FLASK = "demos.waiting.flask_app:make_app()"
TORNADO = "demos.waiting.tornado_app"
EXTRA = "pip install -e '.[waiting]'"


@dataclass(frozen=True)
class Mode:
    """One way: its server, its worker, its driver."""

    name: str
    server: str  # gunicorn or tornado
    worker: str  # as the server calls it
    driver: str  # as SQLAlchemy calls it
    note: str
    packages: tuple[str, ...] = ()
    is_patched: bool = False  # psycopg2 made to cooperate

    @property
    def title(self) -> str:
        """What the table calls it."""
        return f"{self.server} {self.worker}, {self.note}"

    def missing(self) -> list[str]:
        """The packages it needs that are not installed."""
        needed = (self.server, "sqlalchemy", self.driver)
        return [
            name
            for name in (*needed, *self.packages)
            if importlib.util.find_spec(name) is None
        ]

    def environment(self, url: str) -> dict[str, str]:
        """Where its PostgreSQL is, and whether to patch the driver."""
        found = {"DATABASE_URL": address(self.driver, url)}
        return found | (
            {"PSYCOGREEN": "true"} if self.is_patched else {}
        )

    def command(self, port: int, at_once: int) -> list[str]:
        """What serves it, with room for `at_once` waits if it can."""
        python = [sys.executable, "-m"]
        if self.server == "tornado":
            words = [TORNADO, self.worker, "--port", str(port)]
            return [*python, *words, "--workers", str(at_once)]
        bind = ["--bind", f"127.0.0.1:{port}", "--no-control-socket"]
        kind = ["--worker-class", self.worker]
        if self.worker == "gthread":
            kind += ["--threads", str(at_once)]
        quiet = ["--log-level", "warning"]
        return [*python, "gunicorn", FLASK, *bind, *kind, *quiet]


FLASK_NEEDS = ("flask", "flask_sqlalchemy")
GEVENT_NEEDS = (*FLASK_NEEDS, "gevent")
MODES = (
    Mode(
        "sync", "gunicorn", "sync", "psycopg2", "psycopg2", FLASK_NEEDS
    ),
    Mode(
        "gevent",
        "gunicorn",
        "gevent",
        "psycopg2",
        "psycopg2",
        GEVENT_NEEDS,
    ),
    Mode(
        "psycogreen",
        "gunicorn",
        "gevent",
        "psycopg2",
        "psycopg2 + psycogreen",
        (*GEVENT_NEEDS, "psycogreen"),
        is_patched=True,
    ),
    Mode(
        "psycopg3",
        "gunicorn",
        "gevent",
        "psycopg",
        "psycopg 3",
        GEVENT_NEEDS,
    ),
    Mode(
        "gthread",
        "gunicorn",
        "gthread",
        "psycopg2",
        "psycopg2",
        FLASK_NEEDS,
    ),
    Mode("blocking", "tornado", "blocking", "psycopg2", "psycopg2"),
    Mode("threads", "tornado", "threads", "psycopg2", "psycopg2"),
    Mode("processes", "tornado", "processes", "psycopg2", "psycopg2"),
    Mode("await", "tornado", "await", "psycopg", "psycopg 3"),
)
