from dash import Input, Output, dcc, html
from flask_compress import Compress
from web import Flask, Response, dash_on, jsonify, page, redirect, request

server = Flask(__name__)
server.config["COMPRESS_MIN_SIZE"] = 300
compress = Compress()
compress.init_app(server)

bare = Flask("bare")
by_hand = Compress()
server.config["COMPRESS_REGISTER"] = False
by_hand.init_app(server)

TEXT = "many words, and many more of them " * 50


@page(server, "/text")
def text():
    return TEXT


@page(server, "/small")
def small():
    return "small"


@server.route("/json")
def json():
    return jsonify(rows=[{"id": n, "name": f"name {n}"} for n in range(100)])


@server.route("/dict")
def plain_dict():
    return {str(n): n for n in range(200)}


@server.route("/stream")
def stream():
    return Response((f"{n},{n * n}\n" for n in range(500)), mimetype="text/plain")


@server.route("/vary")
def vary():
    return TEXT, 200, {"Vary": "Cookie", "ETag": '"abc"'}


@server.route("/weak")
def weak():
    return TEXT, 200, {"ETag": 'W/"abc"'}


@server.route("/done")
def done():
    return TEXT, 200, {"Content-Encoding": "own"}


@server.route("/png")
def png():
    return TEXT, 200, {"Content-Type": "image/png"}


@server.route("/error")
def error():
    return TEXT, 404


@server.route("/gone")
def gone():
    return "", 204


@server.route("/away")
def away():
    return redirect("/text")


@server.route("/post", methods=["POST"])
def post():
    return TEXT + str(len(request.get_data()))


@server.route("/twice")
@by_hand.compressed()
def twice():
    return TEXT


app = dash_on(server)
app.layout = html.Div([dcc.Input(id="n"), html.Pre(TEXT, id="out")])


@app.callback(Output("out", "children"), Input("n", "value"))
def out(n):
    return TEXT * n
