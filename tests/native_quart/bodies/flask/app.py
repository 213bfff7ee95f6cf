from dash import Dash, html
from flask import Flask, request, jsonify, abort

server = Flask(__name__)
app = Dash(__name__, server=server)
app.layout = html.Div()


@server.before_request
def gate():
    if request.path.startswith("/x") and request.form.get("block"):
        abort(403)
    if request.path.startswith("/y"):
        if request.form.get("a") == "stop" or request.form.get("b") == "stop":
            return "stopped", 409


@server.route("/n", methods=["POST"])
def n():
    name = request.json["name"] if request.is_json else request.form["name"]
    x = request.json.get("x") if request.is_json else request.form.get("x")
    return jsonify(name=name, x=x)


@server.route("/raw", methods=["POST"])
def raw():
    if request.args.get("raw") or request.form.get("a"):
        return request.get_data()
    return request.form.get("b", "none")


@server.route("/raw2", methods=["POST"])
def raw2():
    return request.get_data() + request.form.get("a", "-").encode()


@server.route("/x/raw", methods=["POST"])
@server.route("/y/raw", methods=["POST"])
def xraw():
    return request.get_data()


@server.route("/opt", methods=["GET", "POST"])
def opt():
    rows = [request.json[k] for k in request.args]
    more = [k for k in request.json] if request.args else []
    return jsonify(rows, more)


@server.route("/w", methods=["GET", "POST"])
def w():
    while request.args.get("a") and len(request.form) < 1:
        return request.form.get("q", "wq")
    for k in request.form:
        return k + request.form[k]
    try:
        return request.json["a"]
    except Exception as e:
        return type(e).__name__ + str(request.get_json(silent=True))
    with open(__file__) as f:
        return request.json and request.json["b"]
