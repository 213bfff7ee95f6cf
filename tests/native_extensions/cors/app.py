import re

from dash import Input, Output, dcc, html
from flask_cors import CORS, cross_origin
from web import Blueprint, Flask, abort, dash_on, jsonify

server = Flask(__name__)
server.config["CORS_MAX_AGE"] = 60
CORS(
    server,
    resources={
        r"/api/*": {
            "origins": ["https://a.example", re.compile(r"https://.*\.b\.example")],
            "supports_credentials": True,
        },
        r"/api/open/*": {"origins": "*", "send_wildcard": True, "expose_headers": ["X-B", "X-A"]},
        "/exact": {"origins": "https://A.example", "methods": "GET", "always_send": False},
    },
    allow_private_network=True,
)


@server.route("/api/x", methods=["GET", "POST"])
def x():
    return jsonify(x=1)


@server.route("/api/open/y")
def y():
    return "y", 200, {"Vary": "Cookie"}


@server.route("/exact")
def exact():
    return "exact"


@server.route("/own", methods=["GET", "PUT"])
@cross_origin(origins=["https://own.example"], methods=["GET", "PUT"], allow_headers=["X-Own"], max_age=5)
def own():
    return "own"


@server.route("/manual", methods=["GET", "OPTIONS"])
@cross_origin(automatic_options=False)
def manual():
    return "manual", 201


@server.route("/api/fails")
def fails():
    abort(403)


bp = Blueprint("bp", __name__, url_prefix="/bp")
CORS(bp, origins="https://bp.example")


@bp.route("/z")
def z():
    return "z"


getattr(server, "register_blueprint", getattr(server, "include_router", None))(bp)

app = dash_on(server)
app.layout = html.Div([dcc.Input(id="n"), html.Div(id="out")])


@app.callback(Output("out", "children"), Input("n", "value"))
def out(n):
    return n
