import threading
from datetime import timedelta

from dash import Input, Output, dcc, html
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    decode_cookie,
    encode_cookie,
    fresh_login_required,
    login_fresh,
    login_remembered,
    login_required,
    login_url,
    login_user,
    logout_user,
    user_logged_in,
    user_unauthorized,
)
from web import (
    Flask,
    current_app,
    dash_on,
    get_flashed_messages,
    has_request_context,
    page,
    redirect,
    render_template_string,
    request,
    session,
)

server = Flask(__name__)
server.config.update(SECRET_KEY="k", REMEMBER_COOKIE_NAME="keep", REMEMBER_COOKIE_SAMESITE="Lax")
manager = LoginManager()
manager.init_app(server)
manager.login_view = "login"
manager.refresh_view = "/again"
manager.login_message_category = "info"


class Guest(AnonymousUserMixin):
    name = "guest"


manager.anonymous_user = Guest
log = []


class User(UserMixin):
    def __init__(self, name):
        self.id = self.name = name

    @property
    def is_active(self):
        return self.id != "sleepy"


@manager.user_loader
def load(name):
    return User(name) if name in ("ann", "bob", "sleepy") else None


@manager.request_loader
def by_token(request):
    if request.args.get("boom"):
        raise ValueError("boom")
    token = request.headers.get("X-Token") or request.args.get("token")
    return User(token) if token == "ann" else None


@user_logged_in.connect_via(server)
def logged_in(sender, user):
    log.append(f"in {user.id}")


user_unauthorized.connect(lambda sender: log.append("refused"), weak=False)


@server.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        form = request.form
        seconds = form.get("seconds", type=int)
        ok = login_user(
            load(form["user"]),
            remember="remember" in form,
            duration=timedelta(seconds=seconds) if seconds else None,
            force="force" in form,
            fresh="stale" not in form,
        )
        return redirect(request.args.get("next") or "/who") if ok else ("no", 403)
    flashes = get_flashed_messages(with_categories=True)
    return render_template_string("{{ flashes }} {{ current_user.name }} {{ session.get('next') }}", flashes=flashes)


@server.route("/again")
def again():
    confirm_login()
    return "confirmed"


@server.route("/logout")
@login_required
def logout():
    logout_user()
    return redirect("/who")


@page(server, "/who")
def who():
    user = current_user
    flags = [user.is_authenticated, user.is_active, user.is_anonymous, login_fresh(), login_remembered()]
    return f"{user.name} {user.get_id()} {flags} {type(user).__name__} {user == User('ann')}"


@page(server, "/plain")
def plain():
    return "no user asked for"


@page(server, "/private", login_required)
def private():
    return f"private of {current_user.id}"


@page(server, "/fresh", fresh_login_required)
def fresh():
    return f"fresh {current_user.id}"


@server.route("/typed/<int:number>", methods=["GET", "POST", "OPTIONS"])
@login_required
def typed(number):
    return f"{number} {current_user.id}", 201, {"X-User": current_user.get_id()}


@server.route("/manual")
def manual():
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()
    return "manual"


@server.route("/refused/<mode>")
def refused(mode):
    before = manager.login_view, manager.unauthorized_callback, manager.login_message
    if mode == "nowhere":
        manager.login_view = None
    elif mode == "handler":
        manager.unauthorized_callback = lambda: ("who are you?", 401, {"X-Why": "nobody"})
    elif mode == "url":
        manager.login_view, manager.login_message = "https://login.example/x?a=1&next=old", None
    elif mode == "session":
        server.config["USE_SESSION_FOR_NEXT"] = True
    elif mode == "disabled":
        server.config["LOGIN_DISABLED"] = True
    try:
        return login_required(lambda: "let in")()
    finally:
        manager.login_view, manager.unauthorized_callback, manager.login_message = before
        server.config.pop("USE_SESSION_FOR_NEXT", None)
        server.config.pop("LOGIN_DISABLED", None)


@server.route("/protection/<mode>")
def protection(mode):
    manager.session_protection = None if mode == "none" else mode
    return "set"


@server.route("/permanent")
def permanent():
    session.permanent = True
    return "set"


@server.route("/session")
def show_session():
    return {key: value for key, value in session.items() if key != "_id"} | {"id": len(session.get("_id", ""))}


@server.route("/tools")
def tools():
    found = []
    thread = threading.Thread(target=lambda: found.append(str(current_user._get_current_object())))
    thread.start()
    thread.join()
    signed = encode_cookie("ann")
    urls = [
        login_url("login"),
        login_url("/x?y=1", "http://localhost:8050/deep?z=2"),
        login_url("login", "http://o.example/"),
    ]
    return {
        "thread": found,
        "signed": signed,
        "decoded": [
            decode_cookie(signed),
            decode_cookie("bob|00"),
            decode_cookie("none"),
            decode_cookie(encode_cookie("x", "y"), "y"),
        ],
        "urls": urls,
        "log": log,
        "template": render_template_string("{% if current_user.is_authenticated %}in{% else %}out{% endif %}"),
    }


@server.before_request
def gate():
    if (
        request.path.startswith("/_dash-update")
        and request.headers.get("X-Strict")
        and not current_user.is_authenticated
    ):
        return "strict", 401


app = dash_on(server)


def layout():
    name = current_user.name if has_request_context() and current_user.is_authenticated else "nobody"
    return html.Div([html.H1(name), dcc.Input(id="name"), html.Div(id="out"), html.Div(id="login"), html.Div(id="bye")])


app.layout = layout


@app.callback(Output("out", "children"), Input("name", "value"))
def out(value):
    return f"{value} for {current_user.name} {current_user.is_authenticated}"


@app.callback(Output("login", "children"), Input("name", "value"))
def by_callback(value):
    user = load(value)
    return str(user is not None and login_user(user, remember=True)) + current_user.name


@app.callback(Output("bye", "children"), Input("name", "value"))
def bye(value):
    logout_user()
    return current_user.name
