"""`/metrics`: the server in figures, as Prometheus reads them."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import tornado.web
from tornado.httputil import HTTPServerRequest

from slides.ports import is_loopback
from slides.room import metrics as room
from slides.room.access import Access
from slides.room.handlers import admit
from slides.room.hub import Hub
from slides.room.limits import Limit
from slides.serve.handlers import Handler

EVERY = 0.25  # seconds between looks at how late the event loop is
THROUGH_A_PROXY = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")
INSTALL = "The metrics need the package prometheus-client: pip install -e '.[room]'"


class Figures:
    """What a process has counted since it started: its requests, its loop, its room.

    A handler's name stands for its route: addresses are made up by whoever asks, and would be
    without number.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.late = room.Durations()
        self.requests: Counter[tuple[str, int]] = Counter()
        self.durations: defaultdict[str, room.Durations] = defaultdict(room.Durations)

    def count(self, handler: tornado.web.RequestHandler) -> None:
        """A request was answered."""
        name = type(handler).__name__
        self.requests[name, handler.get_status()] += 1
        self.durations[name].add(handler.request.request_time())

    async def watch_loop(self) -> None:
        """Ask to be woken again and again, and see how late that is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            self.late.add(max(0.0, loop.time() - due))

    def collect(self) -> Iterable[Any]:
        """All of it, as prometheus-client asks for it."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        yield from room.metrics(self.hub)
        late = "Seconds by which the event loop was late"
        buckets = self.late.buckets()
        yield HistogramMetricFamily("event_loop_lag_seconds", late, buckets, self.late.sum)
        labels = ["handler", "status"]
        requests = CounterMetricFamily("http_requests", "Requests answered", labels=labels)
        for (name, status), number in self.requests.items():
            requests.add_metric([name, str(status)], number)
        yield requests
        took = "Seconds until a request was answered"
        durations = HistogramMetricFamily("http_request_seconds", took, labels=["handler"])
        for name, each in self.durations.items():
            durations.add_metric([name], each.buckets(), each.sum)
        yield durations

    @cached_property
    def registry(self) -> Any:
        """What prometheus-client writes: all of this, and the process's memory, time and files."""
        from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        return registry

    async def write(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the form that is asked for, and its name. ImportError."""
        # To import it takes so long that everybody would notice: a thread does.
        registry = await asyncio.to_thread(lambda: self.registry)
        from prometheus_client.exposition import choose_encoder

        encoder: Callable[[Any], bytes]
        encoder, form = choose_encoder(accept)
        return encoder(registry), form


class MetricsHandler(Handler):
    """The figures tell nothing of what was said, or by whom; they are the operator's all the same.

    An operator's scraper on this machine needs no token: who can connect from here could look at
    the process itself. But a proxy on this machine connects from here, too, for everybody behind
    it: what came through one needs the token, as what comes from elsewhere does, in the header
    `Authorization: Bearer TOKEN`. Nobody else learns that there is something here.
    """

    def initialize(self, figures: Figures, access: Access, guesses: Limit) -> None:
        self.figures = figures
        self.access = access
        self.guesses = guesses

    def prepare(self) -> None:
        super().prepare()
        if is_from_here(self.request) and self.access.answers_to(self.request):
            return
        try:
            admit(self, self.access, self.guesses)
        except tornado.web.HTTPError as refused:
            if refused.status_code == 429:
                raise
            raise tornado.web.HTTPError(404) from None

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        try:
            text, form = await self.figures.write(self.request.headers.get("Accept", ""))
        except ImportError:
            raise tornado.web.HTTPError(501, reason=INSTALL) from None
        self.set_header("Content-Type", form)
        self.finish(text)


def is_from_here(request: HTTPServerRequest) -> bool:
    """Whether a program of this machine asks, and not a proxy for somebody."""
    is_proxied = any(name in request.headers for name in THROUGH_A_PROXY)
    return not is_proxied and is_loopback(request.remote_ip or "")
