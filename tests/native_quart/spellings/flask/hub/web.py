from __future__ import annotations

import logging
import os
import tomllib
import typing as t
from functools import partial, wraps

import flask as fl
from flask import json
from flask.app import Flask
from flask.blueprints import Blueprint
from flask.globals import current_app, g, request, session
from flask.helpers import send_file, url_for
from flask.json import dumps, loads
from flask.logging import default_handler
from flask.templating import render_template_string
from flask.wrappers import Request, Response
from werkzeug.exceptions import HTTPException, abort
from werkzeug.routing import Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

if t.TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

try:
    from flask import Markup
except ImportError:
    from markupsafe import Markup

log = logging.getLogger("hub")
log.addHandler(default_handler)


class Hub(Flask):
    """Our Flask."""

    version = "7"

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.config.from_pyfile(os.path.join(os.path.dirname(self.root_path), "settings.py"))
        self.config.from_file(os.path.join(os.path.dirname(self.root_path), "extra.toml"), load=tomllib.load, text=False)
        self.seen: list[str] = []

    def page(self, rule: str, **options: t.Any) -> t.Callable[[t.Callable[..., t.Any]], t.Callable[..., t.Any]]:
        def deco(f: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
            self.add_url_rule("/pages" + rule, f.__name__, f, **options)
            return f

        return deco


server = Hub(__name__)
bp = Blueprint("bp", __name__, url_prefix="/bp", subdomain=None)


def note(what: str) -> None:
    server.seen.append(what)
    del server.seen[:-5]


def gate() -> ResponseReturnValue | None:
    if request.args.get("gate"):
        return "gated", 418
    return None


server.before_request_funcs.setdefault(None, []).insert(0, gate)


@server.before_request
def load() -> None:
    g.user = session.get("user")
    g.setdefault("count", 0)
    g.count += 1


@server.after_request
def after(response: Response) -> Response:
    response.headers["X-Hub"] = server.version
    if isinstance(response, BaseResponse) and response.status_code == 200:
        response.headers.extend({"X-Kind": "ok"})
    return response


@server.page("/one", methods=["GET", "POST"])
def one() -> ResponseReturnValue:
    if request.method == "POST":
        note(request.form.get("n", "?"))
        return {"n": request.form.get("n"), "seen": server.seen}
    return f"one {current_app.config['GREETING']}"


@server.route("/config")
def config() -> ResponseReturnValue:
    return fl.jsonify(current_app.config.get_namespace("MAIL_"), color=current_app.config["COLOR"]) if False else fl.jsonify(
        mail=current_app.config.get_namespace("MAIL_"), color=current_app.config["COLOR"], name=current_app.name, debug=current_app.debug, testing=server.testing
    )


@server.route("/rules")
def rules() -> Response:
    found = sorted(str(r) for r in server.url_map.iter_rules() if r.endpoint.startswith(("bp", "one", "config")))
    return Response(dumps(found), mimetype="application/json")


@server.route("/typed")
def typed() -> Response | tuple[str, int]:
    response: Response = fl.make_response("typed")
    if not isinstance(response, Response):
        return "no", 500
    response.headers["X-T"] = str(isinstance(response, fl.Response))
    return response


@server.route("/kinds/<kind>")
def kinds(kind: str) -> t.Any:
    match kind:
        case "base":
            return BaseResponse("base", 202, {"X-B": "1"}, mimetype="text/plain")
        case "werk":
            return redirect("/typed", 307)
        case "abort":
            abort(409)
        case "exc":
            return HTTPException("why", response=Response("exc", 406))
        case "markup":
            return Markup("<b>{}</b>").format("<i>")
        case "json":
            return json.loads(json.dumps({"z": 1, "a": loads("[1]")}))
        case "partial":
            return partial(fl.jsonify, a=1)(), 203
        case "wsgi":
            def app(environ: t.Any, start_response: t.Any) -> list[bytes]:
                start_response("201 CREATED", [("Content-Type", "text/x"), ("X-W", environ["REQUEST_METHOD"])])
                return [b"wsgi"]

            return app
        case "file":
            return send_file(os.path.join(os.path.dirname(server.root_path), "extra.toml"))
        case "url":
            return url_for("bp.item", n=3, q=[1, 2], _external=True, _scheme="https")
        case "build":
            return url_for("nope")
    return render_template_string("{{ g.user }}|{{ session.user }}|{{ config.GREETING }}|{{ kind|e }}", kind=kind)


@bp.route("/item/<int(min=1, max=9):n>", methods=["GET", "PUT"], strict_slashes=False)
@bp.route("/item/<int:n>/x", defaults={"x": True})
def item(n: int, x: bool = False) -> ResponseReturnValue:
    if request.method == "PUT":
        try:
            data = t.cast("dict[str, t.Any]", request.get_json())
        except HTTPException as e:
            return {"bad": e.code}, e.code
        return {**data, "n": n}
    return {"n": n, "x": x, "user": g.user, "count": g.count}


@bp.route("/login", methods=["POST"])
def login() -> ResponseReturnValue:
    match request.get_json(silent=True) or request.form.to_dict():
        case {"user": str(user), **rest}:
            session["user"] = user
            session.permanent = "stay" in rest
            return {"user": user}
        case _:
            return {"error": "no user"}, 400


@bp.get("/opts", provide_automatic_options=False)
def opts() -> str:
    return "opts"


@bp.route("/any", methods=["GET", "OPTIONS"])
def any_method() -> str:
    return request.method


@bp.app_errorhandler(418)
def teapot(e: HTTPException) -> tuple[str, int]:
    return f"tea {e.description}", 418


@bp.errorhandler(ValueError)
def value(e: ValueError) -> ResponseReturnValue:
    return {"value": str(e)}, 422


@bp.route("/raise/<what>")
def raising(what: str) -> str:
    if what == "value":
        raise ValueError("v")
    if what == "type":
        raise TypeError("t")
    fl.abort(418, what)


server.register_blueprint(bp)
server.register_blueprint(bp, url_prefix="/bp2", name="second")
server.url_map.add(Rule("/ruled/<x>", endpoint="ruled", methods=["GET"]))


@server.endpoint("ruled")
def ruled(x: str) -> str:
    return f"ruled {x}"


def counted(f: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    f.calls = 0  # type: ignore[attr-defined]

    @wraps(f)
    def inner(*args: t.Any, **kwargs: t.Any) -> t.Any:
        f.calls += 1  # type: ignore[attr-defined]
        rv = f(*args, **kwargs)
        return current_app.make_response(rv)

    return inner


@server.route("/counted", methods=["POST"])
@counted
def count() -> ResponseReturnValue:
    body = request.get_data()
    return {"len": len(body), "calls": count.__wrapped__.calls}


with server.app_context():
    note(current_app.name)
with server.test_request_context("/x?y=1", method="POST", data={"a": "b"}):
    note(request.args["y"] + request.path)
