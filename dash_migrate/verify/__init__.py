"""Boot an app before and after a migration, replay the same requests against both, compare the answers.

In a test: ``found = verify_project(".", "fastapi")``, ``assert found.ok, found``.

The only part of the package that runs the user's code. Needs the optional extra ``verify``.
"""

from dash_migrate.verify.boot import BootError, Server, free_port
from dash_migrate.verify.client import Address, Answer
from dash_migrate.verify.compare import Difference, compare_answers, more_open
from dash_migrate.verify.project import Verification, verify_project
from dash_migrate.verify.recorded import RecordError, from_access_log, from_har
from dash_migrate.verify.replay import play
from dash_migrate.verify.report import Played, Report, Start, compare_played, play_one, replay_both
from dash_migrate.verify.requests_file import load, parse
from dash_migrate.verify.steps import (
    ANONYMOUS,
    Parallel,
    Request,
    RequestsFile,
    Rules,
    ServerKind,
    Step,
    WebSocket,
)
from dash_migrate.verify.tables import RequestsFileError

__all__ = [
    "ANONYMOUS",
    "Address",
    "Answer",
    "BootError",
    "Difference",
    "Parallel",
    "Played",
    "RecordError",
    "Report",
    "Request",
    "RequestsFile",
    "RequestsFileError",
    "Rules",
    "Server",
    "ServerKind",
    "Start",
    "Step",
    "Verification",
    "WebSocket",
    "compare_answers",
    "compare_played",
    "free_port",
    "from_access_log",
    "from_har",
    "load",
    "more_open",
    "parse",
    "play",
    "play_one",
    "replay_both",
    "verify_project",
]
