"""Flask's signals: ``request_finished.connect_via(server)`` and so on."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

request_started = _signals.signal("request-started")
request_finished = _signals.signal("request-finished")
request_tearing_down = _signals.signal("request-tearing-down")
got_request_exception = _signals.signal("got-request-exception")
template_rendered = _signals.signal("template-rendered")
before_render_template = _signals.signal("before-render-template")
message_flashed = _signals.signal("message-flashed")
