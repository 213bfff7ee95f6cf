import os
import tempfile

from flask import Blueprint, Response, abort, after_this_request, current_app, g, jsonify, make_response, request, send_file, stream_template_string, stream_with_context, url_for
from flask.views import MethodView, View

from .auth import arguments, audited, cached, catch, ensure, needs, with_json

bp = Blueprint("core", __name__, url_prefix="/core")


class Base(MethodView):
    decorators = [catch(KeyError, ValueError), ensure]

    def options(self):
        return "", 204, {"Allow": "GET"}


class Things(Base):
    things = {}

    def get(self, tid=None):
        return jsonify(self.things if tid is None else self.things[tid])

    @needs("write")
    def post(self):
        data = request.get_json()
        self.things[data["id"]] = data
        return self._made(data["id"]), 201

    @needs("write")
    @with_json
    def put(self, payload, tid):
        self.things[tid] = payload
        return {"put": payload}

    def _made(self, tid):
        return {"url": url_for(".things", tid=tid), "n": len(self.things)}

    def patch(self, tid):
        self.things[tid].update(self.body())
        return self.get(tid)

    def body(self):
        return request.get_json(force=True)


bp.add_url_rule("/things", view_func=Things.as_view("things"))
bp.add_url_rule("/things/<tid>", view_func=Things.as_view("thing"))


class Report(View):
    methods = ["GET", "POST"]
    init_every_request = False

    def dispatch_request(self):
        return {"form": request.form.to_dict(), "n": int(request.args.get("n", 1))}


bp.add_url_rule("/report", view_func=catch(ValueError, status=422)(ensure(Report.as_view("report"))), endpoint="report")


@bp.route("/slow")
@cached(5)
@needs("read")
def slow():
    g.hits = g.get("hits", 0) + 1
    return {"hits": g.hits, "q": request.args.get("q")}


@bp.route("/slow-form", methods=["POST"])
@cached(key=lambda: request.path)
def slow_form():
    return request.form["x"], {"X-A": "1"}


@bp.route("/audit", methods=["GET", "POST"], endpoint="audit")
@audited
def audit_view():
    return request.form.get("a", "none")


@bp.route("/args")
@arguments
def args(a, b="2"):
    return f"{a}-{b}"


@bp.post("/args/<a>")
@arguments
def args_post(a, b="2"):
    return f"{a}-{b}-{request.get_data(as_text=True)}"


@bp.post("/json")
@with_json
def json_body(payload):
    return jsonify(payload)


@bp.post("/json2")
@with_json
def json_body2(payload):
    return jsonify(payload, request.form.get("a"))


@bp.route("/tmp")
def tmp():
    handle, path = tempfile.mkstemp(suffix=".txt")
    with os.fdopen(handle, "w") as f:
        f.write("temporary")

    response = send_file(path, mimetype="text/plain", download_name="t.txt", etag=False, last_modified=5)

    @response.call_on_close
    def remove():
        os.remove(path)
        current_app.config["REMOVED"] = not os.path.exists(path)

    return response


bp_removed = []


@bp.route("/tmp2")
def tmp2():
    @after_this_request
    def later(response):
        response.call_on_close(lambda: bp_removed.append(1))
        response.headers["X-Later"] = "1"
        return response

    return "tmp2"


@bp.route("/removed")
def removed():
    return {"n": len(bp_removed)}


@bp.route("/templated")
def templated():
    return Response(stream_template_string("{% for i in range(3) %}{{ i }}{{ request.path }}{% endfor %}{{ g.who }}"), mimetype="text/plain")


@bp.route("/sse", methods=["GET", "POST"])
def sse():
    body = request.get_json(silent=True) if request.method == "POST" else None

    def events():
        yield f"event: {request.method}\n"
        yield f"data: {body} {request.args.get('x')}\n\n"

    return current_app.response_class(stream_with_context(events()), mimetype="text/event-stream")


def make_view(name):
    def view():
        return f"{name}:{request.form.get('v', '-')}"

    return view


for _name in ("one", "two"):
    bp.add_url_rule(f"/gen/{_name}", _name, make_view(_name), methods=["GET", "POST"])

bp.add_url_rule("/lam", "lam", lambda: jsonify(request.get_json(silent=True)), methods=["POST"])
bp.add_url_rule("/lam2", "lam2", lambda: {"v": request.form.get("v")}, methods=["POST"])


@bp.route("/many", methods=["POST"])
def many():
    rows = [r for r in request.get_json()]
    pairs = {k: v for k, v in request.form.items()}
    upper = list(map(str.upper, request.form.getlist("u")))
    flag = any(f.filename.endswith(".csv") for f in request.files.values())
    text = request.data.decode() if request.data else ""
    if (data := request.get_json(silent=True)) and "x" in data:
        return f"walrus {data['x']}"
    return jsonify(rows=rows, pairs=pairs, upper=upper, flag=flag, text=text)


@bp.route("/first", methods=["POST"])
def first():
    def pick(name):
        return request.form.get(name) or request.args.get(name)

    names = [pick(n) for n in ("a", "b")]
    best = sorted(names, key=lambda n: (n != request.form.get("best"), n or ""))
    return jsonify(names, best, *[pick("c")], **{})


@bp.route("/try", methods=["POST"])
def tries():
    try:
        payload = request.get_json()
    except Exception as e:
        return f"bad: {type(e).__name__}", 400
    finally:
        g.tried = True
    try:
        assert isinstance(payload, dict)
        return payload["a"]
    except (KeyError, AssertionError):
        abort(make_response("no a", 422))


@bp.errorhandler(KeyError)
def no_key(e):
    return make_response(jsonify(missing=e.args[0] if e.args else "?", form=sorted(request.form)), 400)


@bp.teardown_request
def done(exc):
    current_app.config["DONE"] = current_app.config.get("DONE", 0) + 1
