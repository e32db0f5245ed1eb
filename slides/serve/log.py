"""The access log, for people or for programs; the speaker's token is in neither."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import tornado.log
import tornado.web
from tornado.httputil import HTTPServerRequest
from tornado.websocket import WebSocketHandler

FORMS = ("text", "json")
SECRET = "token"  # the name of the speaker's token in an address


def set_up(form: str) -> None:
    """Log in one of the FORMS, to the standard error."""
    tornado.log.enable_pretty_logging()
    if form == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonFormatter())


class JsonFormatter(logging.Formatter):
    """One JSON object a line, whatever is logged; a request has its facts as fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        facts = getattr(record, "request", None)
        line |= {"message": record.getMessage()} if facts is None else facts
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_request(handler: tornado.web.RequestHandler) -> None:
    """Log a request that was answered; a websocket when it is opened, or refused."""
    status, summary = handler.get_status(), handler._request_summary()
    ms = 1000 * handler.request.request_time()
    level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
    facts = {"request": request_facts(handler)}
    tornado.log.access_log.log(level, "%d %s %.2fms", status, summary, ms, extra=facts)


def request_facts(handler: tornado.web.RequestHandler) -> dict[str, Any]:
    """What is known of a request; `bytes` are those of the answer's body, if it has a length."""
    request = handler.request
    length = handler._headers.get("Content-Length")
    return {
        "method": request.method,
        "path": request.path,
        "status": handler.get_status(),
        "ms": round(1000 * request.request_time(), 2),
        "remote": request.remote_ip,
        "bytes": 0 if request.method == "HEAD" or length is None else int(length),
        "websocket": isinstance(handler, WebSocketHandler),
    }


def hide_token(request: HTTPServerRequest) -> None:
    """Take the query off an address that has a token in it: whatever is logged names the address.

    The handler reads the token from the request's arguments, which stay.
    """
    if SECRET in request.query_arguments:
        request.uri = request.path
