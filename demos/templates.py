"""Pages from templates: variables, inheritance, loops and modules.

Shows: variables, inheritance, for and if, autoescape, a UI module,
    and any Python expression between the braces
Try:
    curl http://localhost:8888/
    curl "http://localhost:8888/?name=<script>alert(1)</script>"
    curl http://localhost:8888/people
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio
from pathlib import Path
from typing import NamedTuple

import tornado.web

PAGES = Path(__file__).parent / "pages"


class Person(NamedTuple):
    name: str
    age: int
    student: bool


PEOPLE = (
    Person("Ada", 36, False),
    Person("Alan", 24, True),
    Person("Grace", 19, True),
    Person("Katherine", 27, True),
    Person("<b>Bobby</b>", 25, True),
)


class HelloHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        name = self.get_query_argument("name", "world")
        self.render("templates_hello.html", name=name)


class PeopleHandler(tornado.web.RequestHandler):
    def initialize(self, people: tuple[Person, ...]) -> None:
        self.people = people

    def get(self) -> None:
        self.render("templates_people.html", people=self.people)


class Badge(tornado.web.UIModule):
    def render(self, person: Person) -> bytes:
        return self.render_string("templates_badge.html", person=person)


def make_app() -> tornado.web.Application:
    return tornado.web.Application(
        [
            (r"/", HelloHandler),
            (r"/people", PeopleHandler, {"people": PEOPLE}),
        ],
        template_path=str(PAGES),
        ui_modules={"Badge": Badge},
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
