"""What the speaker's page knows of the talk: its slides in order, with minutes, notes and polls."""

import json
import re
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from slides.notebook import Chapter, Slide
from slides.room.fields import Fields, Refused
from slides.room.messages import Poll

LABEL = re.compile(r"[-*] +(?:(Say|Ask|Demo): *)?(.*)")


class PollError(ValueError):
    """A poll that cannot be asked; the text says why."""


def as_json(slides: Iterable[dict[str, Any]]) -> Markup:
    """Slides for a script element of the page."""
    return Markup(json.dumps(list(slides), ensure_ascii=False).replace("<", "\\u003c"))


def facts(chapters: Iterable[tuple[Chapter, list[str]]]) -> list[dict[str, Any]]:
    """Every slide of the chapters, each of which comes with the ids of its slides."""
    return [
        {
            "id": ident,
            "title": slide.title or chapter.title,
            "chapter": chapter.title,
            "deep": chapter.is_deep_dive,
            "seconds": round((slide.minutes or 0) * 60),
            "fragments": sum(cell.slide_type == "fragment" for cell in slide.shown),
            "notes": notes(slide),
            "poll": poll(slide, ident),
        }
        for chapter, ids in chapters
        for slide, ident in zip(chapter.slides, ids, strict=True)
    ]


def notes(slide: Slide) -> list[dict[str, str]]:
    """The slide's notes as items: what kind of item, and its words."""
    items: list[dict[str, str]] = []
    for line in slide.notes.splitlines():
        found = LABEL.match(line)
        if found:
            items.append({"kind": found[1] or "", "text": found[2]})
        elif items and line.startswith(" "):
            items[-1]["text"] += f" {line.strip()}"
        elif line.strip() and not line.startswith("Minutes:"):
            items.append({"kind": "", "text": line.strip()})
    return items


def poll(slide: Slide, ident: str) -> dict[str, Any] | None:
    """The poll in a cell's metadata: `"poll": {"question", "choices", "answer"}`, or None.

    `answer` may be left out; it is one of the choices, or its place, counted from 0. A poll has the
    name of its slide.
    """
    found = next((cell.metadata["poll"] for cell in slide.cells if "poll" in cell.metadata), None)
    if found is None:
        return None
    if not isinstance(found, dict):
        raise PollError(f'a poll is {{"question", "choices", "answer"}}, not {found!r}')
    choices, answer = found.get("choices"), found.get("answer")
    if isinstance(answer, str) and isinstance(choices, list):
        if answer not in choices:
            raise PollError(f"the poll's answer {answer!r} is none of its choices")
        answer = choices.index(answer)
    said = {"poll": ident, "state": "closed", **found, "answer": answer}
    try:
        # The room's own limits: what is built can be asked.
        asked = Poll.read(Fields(said))
    except Refused as refused:
        raise PollError(f"the poll cannot be asked: {refused.why}") from None
    return {
        "poll": asked.poll,
        "question": asked.question,
        "choices": list(asked.choices),
        "answer": asked.answer,
    }
