"""The Flask application: two routes that wait, and a table of to-dos.

With a PostgreSQL at DATABASE_URL:

    python -m demos.waiting.flask_app --create-tables
    gunicorn "demos.waiting.flask_app:make_app()"
    gunicorn "demos.waiting.flask_app:make_app()" -k gevent
    PSYCOGREEN=true gunicorn \\
        "demos.waiting.flask_app:make_app()" -k gevent
"""

import argparse
import os
import time
from typing import Any

from flask import Flask, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from demos.waiting.database import Unavailable, address

TODOS = ("Wait in Python", "Wait in PostgreSQL", "Wait for nobody")


class Base(DeclarativeBase):
    pass


class Todo(Base):
    __tablename__ = "todos"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    done: Mapped[bool] = mapped_column(default=False)

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "done": self.done}


def make_app(url: str = "") -> Flask:
    """The application; `url` is SQLAlchemy's, or DATABASE_URL's."""
    if os.environ.get("PSYCOGREEN"):
        cooperate()
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url or address()
    db = SQLAlchemy(app, model_class=Base)
    app.extensions["todos"] = db
    route(app, db)
    return app


def cooperate() -> None:
    """Have psycopg2 hand its waits to gevent."""
    from psycogreen.gevent import patch_psycopg

    patch_psycopg()


def route(app: Flask, db: SQLAlchemy) -> None:
    @app.get("/sleep/python/")
    def sleep_python() -> dict[str, float]:
        began = time.time()
        time.sleep(seconds())
        return {"began": began, "ended": time.time()}

    @app.get("/sleep/postgres/")
    def sleep_postgres() -> dict[str, float]:
        began = time.time()
        pause = text("SELECT pg_sleep(:seconds)")
        db.session.execute(pause, {"seconds": seconds()})
        return {"began": began, "ended": time.time()}

    @app.get("/")
    def todos() -> Any:
        found = db.session.scalars(db.select(Todo).order_by(Todo.id))
        return jsonify(todos=[todo.as_dict() for todo in found])


def seconds() -> float:
    """How long to wait: ?seconds=, from 0 to 60; else 400."""
    try:
        wanted = float(request.args.get("seconds", "5"))
    except ValueError:
        wanted = -1
    if not 0 <= wanted <= 60:
        abort(400, "seconds: a number from 0 to 60")
    return wanted


def create_tables(app: Flask) -> None:
    """Make the table of to-dos, and its first rows; once is enough."""
    db = app.extensions["todos"]
    with app.app_context():
        Base.metadata.create_all(db.engine)
        if db.session.scalar(db.select(Todo).limit(1)) is None:
            db.session.add_all([Todo(title=title) for title in TODOS])
        db.session.commit()


if __name__ == "__main__":
    line = argparse.ArgumentParser(description="Flask and its to-dos.")
    line.add_argument("-c", "--create-tables", action="store_true")
    if not line.parse_args().create_tables:
        line.error("gunicorn serves it; here is only --create-tables")
    try:
        create_tables(make_app())
    except Unavailable as error:
        line.error(str(error))
