"""The page's server: this machine only, one browser only.

A token in the printed address opens the page once and is exchanged for a cookie; every request must name this host, and
what changes anything must come from the page itself. Nothing of a request is logged: addresses and values stay here.
"""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Callable
from hmac import compare_digest
from importlib.resources import files
from typing import Any

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from cleanse.errors import CleanseError, UsageError
from cleanse.review.page.desk import Desk
from cleanse.review.page.verdict import Unclear

HOST = "127.0.0.1"
LARGEST = 1_000_000  # bytes of a request
AHEAD = 50  # groups that may be asked for at once
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ASSETS = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
    "marks.js": ("marks.js", "text/javascript; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}


class _Quiet(WSGIRequestHandler):
    """Keeps the connection open, and logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are two packets: the second would wait 40 ms

    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests name the token and records; not even a refused one is written anywhere."""


class Page:
    """The running page: ``url`` opens it once; ``serve`` answers until it is stopped."""

    def __init__(self, desk: Desk, language: str, port: int = 0) -> None:
        """Raises UsageError when the port is taken."""
        try:
            self._server: BaseWSGIServer = make_server(HOST, port, lambda *_: [], threaded=True, request_handler=_Quiet)
        except (OSError, SystemExit) as error:
            raise UsageError("the port is taken", where=f"{HOST}:{port}", cure="choose another with --port") from error
        token = secrets.token_urlsafe(32)
        self.url = f"http://{HOST}:{self._server.server_port}/?token={token}"
        self._server.app = app(desk, language, token, self._server.server_port)

    def serve(self) -> None:
        self._server.serve_forever()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def app(desk: Desk, language: str, token: str, port: int) -> Flask:
    """The page for one desk. ``token`` opens it once, at ``127.0.0.1:port``."""
    page = Flask("cleanse.review.page", static_folder=None)
    page.config["MAX_CONTENT_LENGTH"] = LARGEST
    page.json.sort_keys = False  # type: ignore[attr-defined]
    _guard(page, token, port)
    _routes(page, desk, language)
    return page


# ------------------------------------------------------------------------------------------------------------- guard


def _guard(page: Flask, token: str, port: int) -> None:
    """Refuse whoever is not the browser that was given the token."""
    host, name, key = f"{HOST}:{port}", f"cleanse_{port}", secrets.token_urlsafe(32)
    tokens = [token]

    @page.before_request
    def check() -> Any:
        origin = request.headers.get("Origin")
        foreign = request.headers.get("Host") != host or (origin is not None and origin != f"http://{host}")
        unsafe = request.method not in ("GET", "HEAD") and (origin is None or not request.is_json)
        if foreign or unsafe or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return _refused("elsewhere")
        if compare_digest(request.cookies.get(name, "").encode(), key.encode()):
            return None
        given = request.args.get("token", "").encode()
        if request.path == "/" and request.method == "GET" and tokens and compare_digest(given, tokens[0].encode()):
            tokens.clear()
            answer = redirect("/", 303)
            answer.set_cookie(name, key, httponly=True, samesite="Strict", path="/")
            return answer
        return _refused("token")

    @page.after_request
    def seal(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        return answer

    @page.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        """No traceback: it could quote values."""
        if isinstance(error, HTTPException):
            return Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")
        return {"error": "fault", "detail": type(error).__name__}, 500


def _refused(why: str) -> Response:
    lines = _words()["closed"][why]
    return Response(f"{lines['zh']}\n{lines['en']}\n", 403, content_type="text/plain; charset=utf-8")


# ------------------------------------------------------------------------------------------------------------ routes


def _words() -> dict[str, Any]:
    return tomllib.loads(files("cleanse.data").joinpath("page", "words.toml").read_text("utf-8"))


def _routes(page: Flask, desk: Desk, language: str) -> None:
    folder = files("cleanse.data").joinpath("page")

    @page.get("/", defaults={"name": ""})
    @page.get("/<name>")
    def asset(name: str) -> Response:
        if name not in ASSETS:
            return Response("404\n", 404, mimetype="text/plain")
        file, sort = ASSETS[name]
        return Response(folder.joinpath(file).read_bytes(), content_type=sort)

    @page.get("/api/start")
    def start() -> Response:
        return _json({"language": language, "words": _words(), **desk.start()})

    @page.get("/api/groups/<numbers>")
    def groups(numbers: str) -> Any:
        wanted = numbers.split(",")
        if len(wanted) > AHEAD or not all(n.isdecimal() for n in wanted):
            return {"error": "parts"}, 400
        try:
            return _json(desk.cards([int(n) for n in wanted]))
        except KeyError:
            return {"error": "parts"}, 404

    @page.post("/api/decide/<int:number>")
    def decide(number: int) -> Any:
        return _kept(lambda: desk.decide(number, request.get_json()))

    @page.post("/api/choose/<int:number>")
    def choose(number: int) -> Any:
        return _kept(lambda: desk.choose(number, request.get_json()))

    @page.post("/api/withdraw/<int:number>")
    def withdraw(number: int) -> Any:
        return _kept(lambda: desk.withdraw(number))

    @page.post("/api/undo")
    def undo() -> Any:
        return _kept(desk.undo)


def _kept(work: Callable[[], Any]) -> Any:
    try:
        return _json(work())
    except Unclear as error:
        return {"error": str(error)}, 422
    except KeyError:
        return {"error": "parts"}, 404
    except CleanseError as error:
        return {"error": "disk", "detail": f"{error.what}; {error.cure}"}, 507


def _json(content: Any) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, separators=(",", ":")), mimetype="application/json")
