from dash import Input, Output, html
from flask_bcrypt import Bcrypt, check_password_hash
from flask_httpauth import HTTPBasicAuth, HTTPTokenAuth, MultiAuth
from web import Flask, dash_on, g, jsonify, make_response, page, request

server = Flask(__name__)
server.config["BCRYPT_LOG_ROUNDS"] = 4
bcrypt = Bcrypt(server)
hashes = {"ann": bcrypt.generate_password_hash("pä:ss"), "bob": bcrypt.generate_password_hash("b").decode()}
kept = "$2b$04$RoCdknUzmqg9KxYtes83TORW3u.TKKZMqcTJN/4Pi4wbrEo1VCOuS"
basic = HTTPBasicAuth(realm="vault")
token = HTTPTokenAuth(scheme="Bearer")
key = HTTPTokenAuth(header="X-Key", realm="keys")
stored = HTTPBasicAuth(scheme="Custom")
both = MultiAuth(basic, token, key)


@basic.verify_password
def verify(user, password):
    if user == "anyone":
        return True
    known = user in hashes and bcrypt.check_password_hash(hashes[user], password)
    return {"name": user} if known and not check_password_hash(kept, password) else None


@basic.get_user_roles
def roles(user):
    name = user.username if hasattr(user, "username") else user["name"]
    return {"ann": ["admin", "owner"], "bob": "guest"}.get(name, [])


@token.verify_token
@key.verify_token
def verify_token(value):
    return {"t-1": "robot", "t-2": True}.get(value)


@token.error_handler
def refused(status):
    return jsonify(error="who are you?"), status


@key.error_handler
def no_key():
    return "no key"


@stored.get_password
def password_of(user):
    return {"old": "hash-x"}.get(user)


@stored.hash_password
def hashed(user, password):
    return f"hash-{password}"


@stored.error_handler
def no_stored(status):
    response = make_response("no")
    response.headers["WWW-Authenticate"] = "Custom none"
    return response


@server.before_request
@basic.login_required(optional=True)
def identify():
    g.who = str(basic.current_user())


@server.before_request
def members_only():
    if request.path.startswith(("/members", "/_dash-update")) and g.who == "None":
        return both.login_required(lambda: None)()


@page(server, "/basic", basic.login_required)
def basic_page():
    return f"{basic.current_user()} {basic.username()} {g.who}"


@page(server, "/token", token.login_required)
def token_page():
    return str(token.current_user())


@page(server, "/key", key.login_required)
def key_page():
    return str(key.current_user())


@page(server, "/stored", stored.login_required)
def stored_page():
    return str(stored.current_user())


@server.route("/either", methods=["GET", "POST", "OPTIONS"])
@both.login_required
def either():
    return f"{request.method} {both.current_user()}"


@server.route("/role/<name>")
@basic.login_required(role="admin")
def role(name):
    return name


@server.route("/roles")
@both.login_required(role=["guest", ["admin", "owner"]])
def any_role():
    return "some role"


@server.route("/optional")
@token.login_required(optional=True)
def maybe():
    return f"{token.current_user()}"


app = dash_on(server)
app.layout = html.Div([html.Div(id="in"), html.Div(id="out")])


@app.callback(Output("out", "children"), Input("in", "children"))
def out(value):
    return f"{value} {g.who} {both.current_user()}"
