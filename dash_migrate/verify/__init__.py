"""Boot an app before and after a migration, replay the same requests against both, compare the answers.

The only part of the package that runs the user's code. Needs the optional extra ``verify``.
"""

from dash_migrate.verify.boot import BootError, Server, free_port
from dash_migrate.verify.client import Address, Answer
from dash_migrate.verify.compare import Difference, compare_answers, more_open
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
    "Report",
    "Request",
    "RequestsFile",
    "RequestsFileError",
    "Rules",
    "Server",
    "ServerKind",
    "Start",
    "Step",
    "WebSocket",
    "compare_answers",
    "compare_played",
    "free_port",
    "load",
    "more_open",
    "parse",
    "play",
    "play_one",
    "replay_both",
]
