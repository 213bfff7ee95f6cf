import os
import tempfile

from cachelib.file import FileSystemCache
from dash import Input, Output, dcc, html
from flask_session import Session
from web import Flask, dash_on, request, session

server = Flask(__name__)
server.config["SECRET_KEY"] = "k"
server.config["SESSION_TYPE"] = os.environ.get("KIND", "cachelib")
server.config["SESSION_CACHELIB"] = FileSystemCache(tempfile.mkdtemp())
server.config["SESSION_USE_SIGNER"] = True
Session(server)


@server.route("/set", methods=["GET", "POST"])
def put():
    for key, value in request.args.items():
        session[key] = value
    session.setdefault("seen", []).append({"n": len(session)})
    return {key: session[key] for key in sorted(session)}


@server.route("/get")
def get():
    return {"empty": not session, "a": session.get("a"), "permanent": session.permanent, "has": len(session.sid) > 20}


@server.route("/short")
def short():
    session.permanent = False
    return "for this browser"


@server.route("/clear")
def clear():
    session.clear()
    return "gone"


@server.route("/still")
def still():
    return "nothing asked"


app = dash_on(server)
app.layout = html.Div([dcc.Input(id="n"), html.Div(id="out")])


@app.callback(Output("out", "children"), Input("n", "value"))
def out(n):
    session["n"] = session.get("n", 0) + n
    return session["n"]
