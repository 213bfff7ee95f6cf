from functools import wraps

from dash import Input, Output, html
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from web import Flask, dash_on, page, request

server = Flask(__name__)
server.config.update(RATELIMIT_HEADERS_ENABLED=True, RATELIMIT_DEFAULT="9/hour")
limiter = Limiter(
    lambda: request.headers.get("X-Who") or get_remote_address(),
    default_limits=["6 per hour; 30 per day"],
    application_limits=["200/day"],
    storage_uri="memory://",
    key_prefix="t",
)
limiter.init_app(server)
shared = limiter.shared_limit("3/hour", scope="both", error_message="together")


@limiter.request_filter
def internal():
    return request.headers.get("X-Internal") == "yes"


def audited(view):
    @wraps(view)
    def inner(*args, **kwargs):
        return view(*args, **kwargs)

    return inner


@page(server, "/free")
def free():
    return "free"


@server.route("/two")
@limiter.limit("2/hour")
def two():
    return f"{limiter.current_limit.remaining} {len(limiter.current_limits)}"


@server.route("/stacked")
@limiter.limit("2/hour", key_func=lambda: request.args.get("k", "none"))
@limiter.limit(lambda: "4/day", override_defaults=False)
@audited
def stacked():
    return "stacked"


@server.route("/methods", methods=["GET", "POST"])
@audited
@limiter.limit("1/hour", methods=["POST"], error_message=lambda: "slow down", exempt_when=lambda: "ok" in request.args)
def methods():
    return request.method


@server.route("/per", methods=["GET", "PUT"])
@limiter.limit("1/hour", per_method=True, scope="own", cost=1)
def per():
    return request.method


@server.route("/a")
@shared
def a():
    return "a"


@server.route("/b")
@shared
def b():
    return "b"


@server.route("/exempt")
@limiter.exempt
def exempt():
    return "exempt"


@limiter.limit("1/hour")
def helper():
    return "helped"


@server.route("/helped")
def helped():
    return helper()


@server.after_request
def mark(response):
    response.headers["X-Status"] = str(response.status_code)
    return response


@server.route("/json-error")
@limiter.limit("1/hour")
def json_error():
    return "once"


app = dash_on(server)
app.layout = html.Div([html.Div(id="in"), html.Div(id="out")])


@app.callback(Output("out", "children"), Input("in", "children"))
def out(value):
    return value
