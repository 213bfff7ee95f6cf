"""Websocket handshakes: where a callback is refused over HTTP it must not be let in by websocket.

They are kept until everything else has been asked: only *after* has websockets, and an app that counts its requests
would count these there alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dash_migrate.verify.client import Answer
from dash_migrate.verify.lockstep import Lockstep
from dash_migrate.verify.steps import ANONYMOUS, Headers, Request, WebSocket

_SENT_AWAY = (301, 302, 303, 307, 308, 401, 403, 407)


@dataclass
class Handshakes:
    """The handshakes to try, each with the cookies that its client has when it is noted."""

    lockstep: Lockstep
    timeout: float
    _steps: dict[WebSocket, None] = field(default_factory=dict)

    def note(self, prefix: str, client: str, headers: Headers, answers: Iterable[Answer], layout: Answer) -> None:
        """Remember to try one.

        Args:
            prefix: of the Dash app.
            client: the name of the client's cookie jar.
            headers: what the client always sends.
            answers: what its callbacks were answered.
            layout: what it was answered when it asked for the layout.
        """
        if not self.lockstep.websockets:
            return
        refused = self._is_refused(prefix, client, headers, list(answers), layout)
        path = f"{prefix}_dash-ws-callback"
        step = WebSocket(
            name=f"websocket {path}" + ("" if client == ANONYMOUS else f" as {client}"),
            path=path,
            after="refused" if refused else "open",
            headers=self.lockstep.sent(client, path, headers),
            timeout=self.timeout,
        )
        self._steps[step] = None
        if client == ANONYMOUS and not headers and not refused:
            foreign: Headers = (("Origin", "http://elsewhere.example"),)
            name = f"{step.name} from another origin"
            self._steps[WebSocket(name, path, "refused", foreign, timeout=self.timeout)] = None

    def try_all(self) -> None:
        """Try what was noted. Raises Enough."""
        for step in self._steps:
            self.lockstep.ask(step, "websockets")

    def _is_refused(self, prefix: str, client: str, headers: Headers, answers: list[Answer], layout: Answer) -> bool:
        """Whether something in front of the callbacks refuses them, and not a callback itself."""
        if any(200 <= answer.status < 300 for answer in answers):
            return False
        headers = (*headers, ("Content-Type", "application/json"))
        path = f"{prefix}_dash-update-component"
        blind = self.lockstep.play(Request("", path, "POST", headers, b"{}", session=client))[0][-1].status
        return blind in _SENT_AWAY or (400 <= blind < 500 and layout.status >= 300)
