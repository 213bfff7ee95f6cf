"""Start commands: found wherever they are written, changed word by word."""

# ruff: noqa: E501 - files of projects stand here as they are written

from __future__ import annotations

from pathlib import Path

import pytest
from deploy_help import APP, found, inside, moved, one, project

from dash_migrate.fix import fix
from dash_migrate.model import Backend

WORKER = "uvicorn.workers.UvicornWorker"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gunicorn app:server", "uvicorn app:server --host 0.0.0.0 --port ${PORT:-8000}"),
        ("gunicorn app:server -b 0.0.0.0:$PORT -w 4", "uvicorn app:server --host 0.0.0.0 --port $PORT --workers 4"),
        ("gunicorn --bind=:8050 app:server", "uvicorn --host=0.0.0.0 --port=8050 app:server"),
        ("gunicorn -b:80 -w4 app:server", "uvicorn --host 0.0.0.0 --port 80 --workers 4 app:server"),
        ("gunicorn -b [::]:80 app:server", "uvicorn --host :: --port 80 app:server"),
        ("gunicorn -b unix:/run/x.sock app:server", "uvicorn --uds /run/x.sock app:server"),
        ("gunicorn -b fd://3 app:server", "uvicorn --fd 3 app:server"),
        (
            "gunicorn --bind :$PORT --workers 1 --threads 8 --timeout 0 app:server",
            "uvicorn --host 0.0.0.0 --port $PORT --workers 1 app:server",
        ),
        (
            "gunicorn app:server -b :80 --log-level debug --access-logfile - --log-file=- --keep-alive 75",
            "uvicorn app:server --host 0.0.0.0 --port 80 --log-level debug --timeout-keep-alive 75",
        ),
        (
            "gunicorn app:server -b :443 --certfile c.pem --keyfile k.pem --graceful-timeout 10",
            "uvicorn app:server --host 0.0.0.0 --port 443 --ssl-certfile c.pem --ssl-keyfile k.pem "
            "--timeout-graceful-shutdown 10",
        ),
        ("gunicorn app:server -b :80 -k gthread --reload", "uvicorn app:server --host 0.0.0.0 --port 80 --reload"),
        (
            "gunicorn app:server -b :80 --forwarded-allow-ips='*'",
            "uvicorn app:server --host 0.0.0.0 --port 80 --forwarded-allow-ips='*'",
        ),
        ("exec gunicorn 'app:server' -b :80", "exec uvicorn 'app:server' --host 0.0.0.0 --port 80"),
        ("A=1 poetry run gunicorn app:server -b :80", "A=1 poetry run uvicorn app:server --host 0.0.0.0 --port 80"),
        ("python -m gunicorn app:server -b :80", "python -m uvicorn app:server --host 0.0.0.0 --port 80"),
        ("/venv/bin/gunicorn app:server -b :80", "/venv/bin/uvicorn app:server --host 0.0.0.0 --port 80"),
        (
            "./migrate.sh && gunicorn app:server -b :80 | tee log",
            "./migrate.sh && uvicorn app:server --host 0.0.0.0 --port 80 | tee log",
        ),
        ('sh -c "gunicorn app:server -b :80"', 'sh -c "uvicorn app:server --host 0.0.0.0 --port 80"'),
        ("gunicorn app:app -b :80", "uvicorn app:server --host 0.0.0.0 --port 80"),
        # only gunicorn has it
        ("gunicorn app:server --preload -w 2", f"gunicorn -k {WORKER} app:server --preload -w 2"),
        ("gunicorn app:server --max-requests 100", f"gunicorn -k {WORKER} app:server --max-requests 100"),
        ("gunicorn --chdir . app:server -k gevent", f"gunicorn --chdir . app:server -k {WORKER}"),
        ("gunicorn -b :80 -b :81 app:server", f"gunicorn -k {WORKER} -b :80 -b :81 app:server"),
        ("gunicorn $OPTIONS app:server", f"gunicorn -k {WORKER} $OPTIONS app:server"),
        ("gunicorn app:server --access-logfile a.log", f"gunicorn -k {WORKER} app:server --access-logfile a.log"),
        ("gunicorn app:app --preload", f"gunicorn -k {WORKER} app:server --preload"),
        ("gunicorn app:server --threads 8 -D", f"gunicorn -k {WORKER} app:server -D"),
        # done already
        (f"gunicorn -k {WORKER} app:server", f"gunicorn -k {WORKER} app:server"),
        (f"gunicorn -k {WORKER} app:app", f"gunicorn -k {WORKER} app:server"),
        ("uvicorn app:app", "uvicorn app:server"),
        ("uvicorn --interface wsgi app:server", "uvicorn app:server"),
        ("hypercorn app:app -b :80", "hypercorn app:server -b :80"),
        ("hypercorn wsgi:app:server", "hypercorn app:server"),
        # the others
        (
            "waitress-serve --port=8050 --threads=4 app:server",
            "uvicorn --port=8050 app:server --host 0.0.0.0 --no-proxy-headers",
        ),
        (
            "waitress-serve --listen=*:8050 app:server",
            "uvicorn --host=0.0.0.0 --port=8050 app:server --no-proxy-headers",
        ),
        (
            "flask --app app:server run -h 0.0.0.0 -p 80",
            "uvicorn app:server --host 0.0.0.0 --port 80 --no-proxy-headers",
        ),
        (
            "FLASK_APP=app.py flask run --debug",
            "FLASK_APP=app.py uvicorn app:server --port 5000 --reload --no-proxy-headers",
        ),
        # none of our business
        ("gunicorn other.wsgi:application", "gunicorn other.wsgi:application"),
        ("python app.py", "python app.py"),
        ("pip install gunicorn", "pip install gunicorn"),
        ("pkill gunicorn", "pkill gunicorn"),
    ],
)
def test_commands(tmp_path: Path, old: str, new: str) -> None:
    assert one(tmp_path, "Procfile", f"release: echo\nweb: {old}\n") == f"release: echo\nweb: {new}\n"


FACTORY = """\
from dash import Dash, html

def create_app(name="x"):
    app = Dash(name)
    app.layout = html.Div("hello")
    return app.server
"""


def test_factories(tmp_path: Path) -> None:
    made = moved(tmp_path, {"app.py": FACTORY, "Procfile": "web: gunicorn 'app:create_app()' -b :80\n"})
    assert made["Procfile"] == "web: uvicorn --factory app:create_app --host 0.0.0.0 --port 80\n"


def test_factories_with_arguments_keep_gunicorn(tmp_path: Path) -> None:
    made = moved(tmp_path, {"app.py": FACTORY, "Procfile": "web: gunicorn \"app:create_app('y')\" -b :80\n"})
    assert made["Procfile"] == f"web: gunicorn -k {WORKER} \"app:create_app('y')\" -b :80\n"


def test_a_dash_object_without_a_server_global(tmp_path: Path) -> None:
    app = "from dash import Dash\nboard = Dash(__name__)\n"
    made = moved(tmp_path, {"app.py": app, "Procfile": "web: gunicorn app:board -b :80\n"})
    assert made["Procfile"] == "web: uvicorn app:board.server --host 0.0.0.0 --port 80\n"


def test_gunicorn_cannot_load_it_then(tmp_path: Path) -> None:
    app = "from dash import Dash\nboard = Dash(__name__)\n"
    findings = found(tmp_path, {"app.py": app, "Procfile": "web: gunicorn app:board --preload\n"})
    assert [(f.code, f.obligation) for f in findings] == [("DM711", "required")]
    assert "board.server" in findings[0].message


def test_variables_with_flags_keep_gunicorn(tmp_path: Path) -> None:
    files = {"Procfile": "web: gunicorn app:server -b :80\n", ".env": "GUNICORN_CMD_ARGS=--workers=3\n"}
    assert moved(tmp_path, files)["Procfile"] == f"web: gunicorn -k {WORKER} app:server -b :80\n"


def test_configuration_files(tmp_path: Path) -> None:
    files = {
        "conf/gunicorn.py": "bind = ':80'\nworker_class = 'gthread'  # threads\nthreads = 4\n",
        "Procfile": "web: gunicorn -c conf/gunicorn.py app:server\n",
    }
    made = moved(tmp_path, files)
    assert made["Procfile"] == files["Procfile"]
    assert made["conf/gunicorn.py"] == f"bind = ':80'\nworker_class = '{WORKER}'  # threads\nthreads = 4\n"


def test_a_configuration_file_that_is_found_by_itself(tmp_path: Path) -> None:
    files = {"gunicorn.conf.py": "bind = ':80'\n", "Procfile": "web: gunicorn app:server\n"}
    assert moved(tmp_path, files)["Procfile"] == f"web: gunicorn -k {WORKER} app:server\n"


DOCKER = """\
FROM python:3.11 AS base
# comment: gunicorn app:server
WORKDIR /srv
COPY . .
EXPOSE 8050
{}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            'CMD ["gunicorn", "-b", "0.0.0.0:80", "app:server"]',
            'CMD ["uvicorn", "--host", "0.0.0.0", "--port", "80", "app:server"]',
        ),
        (
            'CMD ["gunicorn","--workers","3","app:server","-b","0.0.0.0:80"]',
            'CMD ["uvicorn","--workers","3","app:server","--host","0.0.0.0","--port","80"]',
        ),
        ("CMD gunicorn app:server -b 0.0.0.0:80", "CMD uvicorn app:server --host 0.0.0.0 --port 80"),
        ("CMD gunicorn app:server", "CMD uvicorn app:server --host 0.0.0.0 --port ${PORT:-8000}"),
        (
            'ENTRYPOINT ["gunicorn"]\nCMD ["app:server", "-b", ":80"]',
            'ENTRYPOINT ["uvicorn"]\nCMD ["app:server", "--host", "0.0.0.0", "--port", "80"]',
        ),
        ('CMD ["gunicorn", "app:server"]', f'CMD ["gunicorn", "-k", "{WORKER}", "app:server"]'),
        (
            'CMD ["sh", "-c", "./init && gunicorn app:app -b :80"]',
            'CMD ["sh", "-c", "./init && uvicorn app:server --host 0.0.0.0 --port 80"]',
        ),
        (
            "CMD exec gunicorn \\\n    --bind :$PORT \\\n    --timeout 0 \\\n    # note\n    app:server",
            "CMD exec uvicorn \\\n    --host 0.0.0.0 --port $PORT \\\n    # note\n    app:server",
        ),
        (
            'CMD ["gunicorn", \\\n     "--bind", ":80", \\\n     "--timeout", "9", \\\n     "app:server"]',
            'CMD ["uvicorn", \\\n     "--host", "0.0.0.0", "--port", "80", \\\n     "app:server"]',
        ),
        (
            "HEALTHCHECK CMD curl -f http://localhost:80/\nCMD python app.py",
            "HEALTHCHECK CMD curl -f http://localhost:80/\nCMD python app.py",
        ),
    ],
)
def test_dockerfiles(tmp_path: Path, old: str, new: str) -> None:
    assert one(tmp_path, "Dockerfile", DOCKER.format(old)) == DOCKER.format(new)


def test_each_stage_counts(tmp_path: Path) -> None:
    old = 'FROM a AS dev\nCMD ["flask", "--app", "app:server", "run"]\nFROM b\nCMD ["gunicorn", "-b", ":80", "app:server"]\n'
    made = one(tmp_path, "Dockerfile", old)
    assert '["uvicorn", "app:server", "--port", "5000", "--no-proxy-headers"]' in made
    assert '["uvicorn", "--host", "0.0.0.0", "--port", "80", "app:server"]' in made


COMPOSE = """\
# compose
services:
  web:   # the app
    build: .
    {}
    environment:
      - MODE=prod
  other:
    command: gunicorn thing.wsgi:application
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("command: gunicorn app:server -b :80  # go", "command: uvicorn app:server --host 0.0.0.0 --port 80  # go"),
        ('command: "gunicorn app:server -b :80"', 'command: "uvicorn app:server --host 0.0.0.0 --port 80"'),
        (
            "command: ['gunicorn', 'app:server', '-b', ':80']",
            "command: ['uvicorn', 'app:server', '--host', '0.0.0.0', '--port', '80']",
        ),
        (
            "command:\n      - gunicorn\n      - app:server\n      - -b\n      - 0.0.0.0:80\n      - --timeout=9",
            'command:\n      - uvicorn\n      - app:server\n      - --host\n      - 0.0.0.0\n      - --port\n      - "80"',
        ),
        (
            'command: >\n      sh -c "sleep 1 &&\n      gunicorn app:server -b :80"',
            'command: >\n      sh -c "sleep 1 &&\n      uvicorn app:server --host 0.0.0.0 --port 80"',
        ),
        (
            "command: |\n      bash -c '\n      gunicorn app:server -b :80\n      '",
            "command: |\n      bash -c '\n      uvicorn app:server --host 0.0.0.0 --port 80\n      '",
        ),
        ("command: gunicorn app:server", f"command: gunicorn -k {WORKER} app:server"),
        (
            'entrypoint: ["gunicorn"]\n    command: ["app:server", "-b", ":80"]',
            'entrypoint: ["uvicorn"]\n    command: ["app:server", "--host", "0.0.0.0", "--port", "80"]',
        ),
    ],
)
def test_compose(tmp_path: Path, old: str, new: str) -> None:
    assert one(tmp_path, "docker-compose.yml", COMPOSE.format(old)) == COMPOSE.format(new)


FILES = {
    "render.yaml": (
        "services:\n  - type: web\n    startCommand: gunicorn app:server --workers 2  # x\n",
        "gunicorn app:server --workers 2",
        "uvicorn app:server --host 0.0.0.0 --port ${PORT:-8000} --workers 2",
    ),
    "app.yaml": (
        "runtime: python311\nentrypoint: gunicorn -b :$PORT app:server\n",
        "gunicorn -b :$PORT",
        "uvicorn --host 0.0.0.0 --port $PORT",
    ),
    "heroku.yml": (
        "run:\n  web: gunicorn app:server -b :$PORT\n",
        "gunicorn app:server -b :$PORT",
        "uvicorn app:server --host 0.0.0.0 --port $PORT",
    ),
    "fly.toml": (
        '[processes]\napp = "gunicorn app:server -b :8080"\n',
        "gunicorn app:server -b :8080",
        "uvicorn app:server --host 0.0.0.0 --port 8080",
    ),
    "railway.json": (
        '{"deploy": {"startCommand": "gunicorn app:server"}}',
        "gunicorn app:server",
        "uvicorn app:server --host 0.0.0.0 --port ${PORT:-8000}",
    ),
    "nixpacks.toml": (
        '[start]\ncmd = "gunicorn app:server -b :80"\n',
        "gunicorn app:server -b :80",
        "uvicorn app:server --host 0.0.0.0 --port 80",
    ),
    "web.service": (
        "[Service]\nWorkingDirectory=/srv\nExecStart=/srv/venv/bin/gunicorn -b 127.0.0.1:80 app:server\n",
        "/srv/venv/bin/gunicorn -b 127.0.0.1:80",
        "/srv/venv/bin/uvicorn --host 127.0.0.1 --port 80",
    ),
    "supervisord.conf": (
        "[program:web]\ncommand=gunicorn -b :80 app:server  ; x\n",
        "gunicorn -b :80",
        "uvicorn --host 0.0.0.0 --port 80",
    ),
    "k8s/deployment.yaml": (
        'spec:\n  containers:\n    - name: web\n      command: ["gunicorn"]\n      args: ["app:server", "-b", ":80"]\n',
        'command: ["gunicorn"]\n      args: ["app:server", "-b", ":80"]',
        'command: ["uvicorn"]\n      args: ["app:server", "--host", "0.0.0.0", "--port", "80"]',
    ),
    "chart/templates/deployment.yaml": (
        '{{- if .Values.on }}\nspec:\n  containers:\n    - name: {{ .Chart.Name }}\n      command: ["gunicorn", "app:server", "-b", ":80"]\n{{- end }}\n',
        '["gunicorn", "app:server", "-b", ":80"]',
        '["uvicorn", "app:server", "--host", "0.0.0.0", "--port", "80"]',
    ),
    ".github/workflows/ci.yml": (
        "jobs:\n  x:\n    steps:\n      - run: |\n          gunicorn app:server &\n          curl localhost:8000\n",
        "gunicorn app:server &",
        "uvicorn app:server &",
    ),
    ".gitlab-ci.yml": (
        "x:\n  script:\n    - gunicorn app:server -b :80 &\n",
        "gunicorn app:server -b :80 &",
        "uvicorn app:server --host 0.0.0.0 --port 80 &",
    ),
    "Makefile": (
        "run:\n\t@gunicorn app:server -b :80 \\\n\t  --reload\n",
        "@gunicorn app:server -b :80",
        "@uvicorn app:server --host 0.0.0.0 --port 80",
    ),
    "justfile": (
        "run:\n    gunicorn app:server -b :80\n",
        "gunicorn app:server -b :80",
        "uvicorn app:server --host 0.0.0.0 --port 80",
    ),
    "start.sh": (
        "#!/bin/sh\ncd /app\nexec gunicorn app:server -b :80\n",
        "gunicorn app:server -b :80",
        "uvicorn app:server --host 0.0.0.0 --port 80",
    ),
    "run.bat": (
        "@echo off\r\nwaitress-serve --port=80 app:server\r\n",
        "waitress-serve --port=80 app:server",
        "uvicorn --port=80 app:server --host 0.0.0.0 --no-proxy-headers",
    ),
    ".vscode/launch.json": (
        '{\n  // mine\n  "configurations": [{"module": "gunicorn", "args": ["app:server", "-b", ":80"],}]\n}\n',
        '"module": "gunicorn", "args": ["app:server", "-b", ":80"]',
        '"module": "uvicorn", "args": ["app:server", "--host", "0.0.0.0", "--port", "80"]',
    ),
    "tox.ini": (
        "[testenv]\ncommands =\n    gunicorn app:server -b :80\n",
        "gunicorn app:server -b :80",
        "uvicorn app:server --host 0.0.0.0 --port 80",
    ),
    ".ci/docker-compose.yml.tmpl": (
        'services:\n  web:\n    image: x:$TAG\n    entrypoint: ["gunicorn", "-w2", "-t300", "-b0.0.0.0:80", "app:server"]\n',
        '["gunicorn", "-w2", "-t300", "-b0.0.0.0:80", "app:server"]',
        '["uvicorn", "--workers", "2", "--host", "0.0.0.0", "--port", "80", "app:server"]',
    ),
    "docker-compose.yaml.j2": (
        "services:\n  web:\n    image: {{ image }}\n    command: gunicorn app:server -b :80\n",
        "gunicorn app:server -b :80",
        "uvicorn app:server --host 0.0.0.0 --port 80",
    ),
    "package.json": (
        '{"scripts": {"start": "gunicorn app:server -b :80"}}\n',
        "gunicorn app:server -b :80",
        "uvicorn app:server --host 0.0.0.0 --port 80",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file(tmp_path: Path, name: str) -> None:
    old, before, after = FILES[name]
    assert one(tmp_path, name, old) == old.replace(before, after)


def test_flask_run_in_compose(tmp_path: Path) -> None:
    old = "services:\n  web:\n    environment:\n      - FLASK_APP=app:server\n      - FLASK_DEBUG=1\n    command: flask run --host=0.0.0.0 --port=80\n"
    made = one(tmp_path, "docker-compose.yml", old)
    assert "command: uvicorn app:server --host=0.0.0.0 --port=80 --reload --no-proxy-headers\n" in made


def test_flask_commands_are_reported(tmp_path: Path) -> None:
    findings = found(tmp_path, {"Procfile": "release: FLASK_APP=app:server flask db upgrade\n"})
    assert [(f.code, f.obligation) for f in findings] == [("DM713", "required")]


HOSTS = {
    "web.config": '<add name="x" scriptProcessor="C:\\py.exe|C:\\wfastcgi.py" />',
    "passenger_wsgi.py": "from app import server as application\n",
    "site.conf": "<VirtualHost>\nWSGIScriptAlias / /srv/app.wsgi\n</VirtualHost>\n",
    "uwsgi.ini": "[uwsgi]\nmodule = app:server\n",
    ".ebextensions/python.config": "option_settings:\n  aws:elasticbeanstalk:container:python:\n    WSGIPath: app:server\n",
    "zappa_settings.json": '{"dev": {"app_function": "app.server"}}',
    "app.yaml": "runtime: python311\n",
    "uwsgi.sh": "uwsgi --http :80 --module app:server\n",
}


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_without_asgi(tmp_path: Path, name: str) -> None:
    findings = found(tmp_path, {name: HOSTS[name]})
    assert [(f.path, f.obligation, f.strategy) for f in findings] == [(name, "required", None)]
    assert findings[0].code in ("DM711", "DM712")


def test_documents_are_reported_and_left(tmp_path: Path) -> None:
    text = "# App\n\n    $ gunicorn app:server -b :80\n\nUse `gunicorn app:server` or not.\n"
    assert one(tmp_path, "README.md", text) == text
    findings = found(tmp_path, {})
    assert [(f.code, f.obligation, f.span.line) for f in findings] == [("DM741", "optional", 3)]


def test_bystanders(tmp_path: Path) -> None:
    files = {
        "shop/app.py": "import flask\nserver = flask.Flask(__name__)\n",
        "shop/Procfile": "web: gunicorn app:server\n",
        "shop/requirements.txt": "flask\ngunicorn\n",
    }
    made = moved(tmp_path, files)
    assert made == files


def test_ignore_comments(tmp_path: Path) -> None:
    files = {"start.sh": "gunicorn app:server -b :80  # dash-migrate: ignore[DM710]\n"}
    assert found(tmp_path, files) == []


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    findings = found(tmp_path, {"start.sh": "gunicorn $APP -b :80\n"})
    assert [(f.code, f.obligation) for f in findings] == [("DM711", "potential")]


@pytest.mark.parametrize(
    ("name", "text", "codes"),
    [
        ("Makefile", "SERVE = gunicorn\nrun:\n\t$(SERVE) app:server\n", ["DM711"]),
        ("ci.yml", "x:\n  run: pip install gunicorn\n", []),
        ("x.sh", "# gunicorn app:server\necho gunicorn\nsystemctl restart gunicorn\n", []),
        ("Dockerfile", "FROM x\nRUN apk add py3-gunicorn\n", []),
    ],
)
def test_starts_that_cannot_be_read_are_said(tmp_path: Path, name: str, text: str, codes: list[str]) -> None:
    assert [f.code for f in found(tmp_path, {name: text})] == codes


def test_flask_as_target_leaves_commands_alone(tmp_path: Path) -> None:
    assert one(tmp_path, "Procfile", "web: gunicorn app:server\n", "flask") == "web: gunicorn app:server\n"


SCRIPT = '''\
"""gunicorn app:server -b :80"""
import os
import subprocess

PORT = 8000


def serve(c):
    """gunicorn app:server"""
    c.run("gunicorn app:server -b :8050 --threads 4")
    os.system(f"exec gunicorn app:server -b 0.0.0.0:{PORT}")
    subprocess.run(["python", "-m", "gunicorn", 'app:server', "-w", "4"], check=True)
    os.execvp("gunicorn", ["gunicorn", "app:server"])
    print("start with: gunicorn app:server")
    os.system("gunicorn other:app")
'''


def test_commands_in_python(tmp_path: Path) -> None:
    worker = "uvicorn.workers.UvicornWorker"
    assert one(tmp_path, "tasks.py", SCRIPT) == (
        SCRIPT.replace('"gunicorn app:server -b :8050 --threads 4"', '"uvicorn app:server --host 0.0.0.0 --port 8050"')
        .replace("exec gunicorn app", f"exec gunicorn -k {worker} app")
        .replace('"gunicorn", \'app:server\', "-w"', '"uvicorn", \'app:server\', "--workers"')
        .replace('["gunicorn", "app', f'["gunicorn", "-k", "{worker}", "app')
    )


def test_a_configuration_with_a_worker_class_settles_its_commands(tmp_path: Path) -> None:
    files = {
        "gunicorn.conf.py": '# größer\nworker_class = "gthread"\nbind = "0.0.0.0:8000"\n',
        "Procfile": "web: gunicorn app:server\n",
        "k8s.yaml": 'command: ["gunicorn", "-b", "0.0.0.0:80", "app:server"]\n',
    }
    made = moved(tmp_path, files)
    assert made["gunicorn.conf.py"].splitlines()[1] == 'worker_class = "uvicorn.workers.UvicornWorker"'
    assert made["Procfile"] == files["Procfile"]
    assert made["k8s.yaml"] == files["k8s.yaml"]
    assert found(tmp_path, {"app.py": (tmp_path / "app.py").read_bytes()}) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (
            "supervisord.conf",
            "[program:web]\ncommand=/venv/bin/gunicorn -w %(ENV_N)s -b :%(ENV_PORT)s app:server ; web\n",
            "[program:web]\ncommand=/venv/bin/uvicorn --workers %(ENV_N)s --host 0.0.0.0 --port %(ENV_PORT)s app:server ; web\n",
        ),
        (
            "run.bat",
            "venv\\Scripts\\waitress-serve.exe --listen=*:8050 app:server\r\n",
            "venv\\Scripts\\uvicorn.exe --host=0.0.0.0 --port=8050 app:server --no-proxy-headers\r\n",
        ),
        (
            "Dockerfile",
            'FROM x\nENTRYPOINT ["tini", "--", "/entry.sh"]\nCMD ["gunicorn", "app", "-b", "0.0.0.0:80"]\n',
            'FROM x\nENTRYPOINT ["tini", "--", "/entry.sh"]\nCMD ["uvicorn", "app:application", "--host", "0.0.0.0", "--port", "80"]\n',
        ),
    ],
)
def test_more_ways_to_write_it(tmp_path: Path, name: str, old: str, new: str) -> None:
    more = {"app.py": APP + "application = server\n"}
    assert one(tmp_path, name, old, **more) == new


def test_a_package_that_a_command_gives_up_goes_from_the_dockerfile_too(tmp_path: Path) -> None:
    old = 'FROM x\nRUN pip install -r requirements.txt gunicorn && rm -r /root/.cache\nCMD ["gunicorn", "-b", ":80", "app:server"]\n'
    made = moved(tmp_path, {"Dockerfile": old, "requirements.txt": "dash\n", "Procfile": "web: gunicorn app:server\n"})
    assert "RUN pip install -r requirements.txt && rm" in made["Dockerfile"]


@pytest.mark.parametrize("targets", [("fastapi",), ("flask", "fastapi")])
def test_nothing_is_deployed_anew_where_the_app_could_not_be_moved(
    tmp_path: Path, targets: tuple[Backend, ...]
) -> None:
    files = {
        "routes.py": b'from app import server\r\r\nimport dash\r\r\n@server.route("/x")\r\r\ndef x():\r\r\n    return "x"\r\r\n',
        "Procfile": "web: gunicorn app:server\n",
        "requirements.txt": "dash\ngunicorn\n",
    }
    with inside(project(tmp_path, files)):
        outcome = fix([Path(".")], targets, "bridge")
    assert [e.path for e in outcome.errors] == ["routes.py"]
    assert outcome.changes == []


def test_packages_among_others_start_nothing(tmp_path: Path) -> None:
    table = (
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["dash[fastapi]>=4.4"]\n[project.optional-dependencies]\n'
    )
    files = {"app.py": APP, "pyproject.toml": table + 'prod = ["psycopg", "gunicorn[gevent]>=20"]\n'}
    assert "DM711" not in {f.code for f in found(tmp_path, files)}


HUB = {
    "hub/__init__.py": """\
import importlib

from flask import Flask


def create_server():
    server = Flask("hub")
    for name in ("sales", "stock"):
        importlib.import_module("hub." + name).create(server, f"/{name}/")
    return server
""",
    "hub/sales.py": """\
from dash import Dash, html


def create(server, prefix):
    app = Dash(__name__, server=server, url_base_pathname=prefix)
    app.layout = html.Div()
    return app
""",
    "wsgi.py": "from hub import create_server\n\napplication = create_server()\n",
    "other/__init__.py": "from flask import Flask\n\nservice = Flask(__name__)\n",
}


def test_a_flask_app_that_dash_is_given_at_run_time_is_a_server(tmp_path: Path) -> None:
    files = {**HUB, "Procfile": "web: gunicorn -b :80 wsgi\nother: gunicorn -b :81 other:service\n"}
    web, other = moved(tmp_path, files)["Procfile"].splitlines()
    assert web == "web: uvicorn --host 0.0.0.0 --port 80 wsgi:application"
    assert other == "other: gunicorn -b :81 other:service"
