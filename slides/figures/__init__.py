"""The talk's pictures: SVG, drawn by code, in the colours of the theme."""

from collections.abc import Callable

from slides.figures import (
    kitchen,
    opener,
    places,
    production,
    pushing,
    request,
    room,
    servers,
    story,
    waiting,
)
from slides.figures.story import map_of
from slides.figures.timeline import Figure, timeline

__all__ = ["DRAWINGS", "Figure", "map_of", "timeline"]

DRAWINGS: dict[str, Callable[[], str]] = {
    "welcome": opener.welcome,
    "kitchen_in_line": kitchen.in_line,
    "kitchen_evented": kitchen.evented,
    "kitchen_blocked": kitchen.blocked,
    "threads_each": servers.threads_each,
    "one_loop": servers.one_loop,
    "event_loop": servers.event_loop,
    "history": story.history,
    "where_it_sits": story.where_it_sits,
    "hello_parts": request.hello_parts,
    "callback_generator_await": request.callback_generator_await,
    "blocked_loop": waiting.blocked_loop,
    "waiting_for_others": waiting.waiting_for_others,
    "fan_out_lanes": waiting.fan_out_lanes,
    "where_the_wait_is": places.where_the_wait_is,
    "one_connection": places.one_connection,
    "polling_vs_pushing": pushing.polling_vs_pushing,
    "broadcast": pushing.broadcast,
    "two_faces": room.two_faces,
    "three_ways": room.three_ways,
    "news_on_the_bus": room.news_on_the_bus,
    "topology": production.topology,
    "kill_one": production.kill_one,
    "when_to_use": production.when_to_use,
}
"""Each picture's name, which is its file's in notebooks/figures, and what draws it."""
