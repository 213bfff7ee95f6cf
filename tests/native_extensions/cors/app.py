import re
from datetime import timedelta
from functools import wraps

from dash import html
from flask_cors import CORS, cross_origin
from web import Blueprint, Flask, abort, dash_on, page, request

server = Flask(__name__)
server.config.update(CORS_EXPOSE_HEADERS=["X-B", "X-A"], CORS_MAX_AGE=timedelta(minutes=2))
own = {"origins": ["https://partner.example", r"https://.*\.trusted\.example"], "allow_headers": ["X-Own", r"x-re.*"]}
CORS(
    server,
    resources={
        r"/api/*": own,
        "/api/open": {"origins": "*", "send_wildcard": True, "allow_private_network": True},
        r"/api/quiet.*": {"origins": "https://partner.example", "always_send": False, "vary_header": False},
        r"/api/me.*": {"origins": re.compile("https://[ab].example"), "supports_credentials": True},
        "/exact": {"origins": "https://Partner.example", "methods": "GET", "expose_headers": "X-C"},
        r"/_dash-.*": {"origins": "*", "supports_credentials": True, "methods": ["GET", "POST"]},
    },
)
bp = Blueprint("inner", __name__, url_prefix="/inner")
CORS(bp, origins=["https://partner.example", "https://other.example"], max_age=9)


def counted(view):
    @wraps(view)
    def inner(*args, **kwargs):
        if request.headers.get("X-Deny"):
            abort(403)
        return view(*args, **kwargs)

    return inner


@server.route("/exact", methods=["GET", "PUT"])
def exact():
    return "exact", 200, {"Vary": "Cookie"}


@page(server, "/api/rows")
def rows():
    return "rows"


@server.route("/api/<name>", methods=["GET", "POST"])
def named(name):
    if name == "missing":
        abort(404)
    if name == "fails":
        raise ValueError(name)
    return {"name": name}


@server.route("/public", methods=["GET", "PUT"])
@counted
@cross_origin(origins="*", methods=["GET", "PUT"], allow_headers=["X-Own"], max_age=600)
def public():
    return "{}", 201, {"Content-Type": "application/json"}


@page(server, "/plain", cross_origin())
def plain():
    return "plain"


@server.route("/manual", methods=["GET", "OPTIONS"])
@cross_origin(origins=["https://partner.example", "https://other.example"], automatic_options=False)
def manual():
    return request.method


@bp.route("/x")
def inner():
    return "inner"


@bp.route("/y")
@cross_origin("ignored", supports_credentials=True)
def y():
    return "y"


server.register_blueprint(bp) if hasattr(server, "register_blueprint") else server.include_router(bp)
app = dash_on(server)
app.layout = html.Div("x")
