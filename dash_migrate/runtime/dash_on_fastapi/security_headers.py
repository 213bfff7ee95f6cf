"""Headers that keep browsers from what pages do not need, and HTTPS for everybody: Flask-Talisman's ``Talisman``."""

from __future__ import annotations

import secrets
from typing import Any

from .context import context_values, current_view, redirect, request

DENY, SAMEORIGIN, ALLOW_FROM = "DENY", "SAMEORIGIN", "ALLOW-FROM"
ONE_YEAR_IN_SECS = 31556926
DEFAULT_REFERRER_POLICY = "strict-origin-when-cross-origin"
DEFAULT_CSP_POLICY = {"default-src": "'self'", "object-src": "'none'"}
DEFAULT_PERMISSIONS_POLICY = {"browsing-topics": "()"}
DEFAULT_DOCUMENT_POLICY: dict[str, str] = {}
DEFAULT_FEATURE_POLICY: dict[str, str] = {}
DEFAULT_SESSION_COOKIE_SAMESITE = "Lax"
GOOGLE_CSP_POLICY = {
    "font-src": "'self' themes.googleusercontent.com *.gstatic.com",
    "frame-src": "'self' www.google.com www.youtube.com",
    "script-src": "'self' ajax.googleapis.com *.googleanalytics.com *.google-analytics.com",
    "style-src": "'self' ajax.googleapis.com fonts.googleapis.com *.gstatic.com",
    "object-src": "'none'",
    "default-src": "'self' *.gstatic.com",
}
_NONCE = "_csp_nonce"


class Talisman:
    """Sets headers on every answer of a server; ``talisman(frame_options=…)`` changes them for one view."""

    def __init__(self, app: Any = None, **options: Any) -> None:
        if app is not None:
            self.init_app(app, **options)

    def init_app(
        self,
        app: Any,
        feature_policy: Any = DEFAULT_FEATURE_POLICY,
        permissions_policy: Any = DEFAULT_PERMISSIONS_POLICY,
        document_policy: Any = DEFAULT_DOCUMENT_POLICY,
        force_https: bool = True,
        force_https_permanent: bool = False,
        force_file_save: bool = False,
        frame_options: Any = SAMEORIGIN,
        frame_options_allow_from: Any = None,
        strict_transport_security: bool = True,
        strict_transport_security_preload: bool = False,
        strict_transport_security_max_age: int = ONE_YEAR_IN_SECS,
        strict_transport_security_include_subdomains: bool = True,
        content_security_policy: Any = DEFAULT_CSP_POLICY,
        content_security_policy_report_uri: str | None = None,
        content_security_policy_report_only: bool = False,
        content_security_policy_nonce_in: Any = None,
        referrer_policy: str = DEFAULT_REFERRER_POLICY,
        session_cookie_secure: bool = True,
        session_cookie_http_only: bool = True,
        session_cookie_samesite: Any = DEFAULT_SESSION_COOKIE_SAMESITE,
        x_content_type_options: bool = True,
        x_xss_protection: bool = False,
    ) -> None:
        """Set the headers of a server; policies are texts, or dicts of their parts.

        Raises:
            ValueError: violations are only to be reported, and nobody is said to report them to.
        """
        if content_security_policy_report_only and content_security_policy_report_uri is None:
            raise ValueError("content_security_policy_report_only requires content_security_policy_report_uri")
        self.app, self._options = (
            app,
            {
                "force_https": force_https,
                "frame_options": frame_options,
                "frame_options_allow_from": frame_options_allow_from,
                "content_security_policy": content_security_policy,
                "content_security_policy_nonce_in": content_security_policy_nonce_in or [],
                "permissions_policy": permissions_policy,
                "document_policy": document_policy,
                "feature_policy": feature_policy,
            },
        )
        self.force_https_permanent, self.session_cookie_secure = force_https_permanent, session_cookie_secure
        self.report_uri, self.report_only = content_security_policy_report_uri, content_security_policy_report_only
        #: headers that are always the same
        self.fixed = {
            "X-XSS-Protection": "1; mode=block" if x_xss_protection else "",
            "X-Content-Type-Options": "nosniff" if x_content_type_options else "",
            "X-Download-Options": "noopen" if force_file_save else "",
            "Referrer-Policy": referrer_policy,
        }
        self.hsts = ""
        if strict_transport_security:
            self.hsts = f"max-age={strict_transport_security_max_age}"
            self.hsts += "; includeSubDomains" if strict_transport_security_include_subdomains else ""
            self.hsts += "; preload" if strict_transport_security_preload else ""
        app.jinja_env.globals["csp_nonce"] = self._nonce
        app.config["SESSION_COOKIE_SAMESITE"] = session_cookie_samesite
        if session_cookie_http_only:
            app.config["SESSION_COOKIE_HTTPONLY"] = True
        app.before_request(self._force_https)
        app.before_request(self._make_nonce)
        app.after_request(self._add_headers)

    def __call__(self, **options: Any) -> Any:
        """A decorator for views with options of their own."""

        def decorator(view: Any) -> Any:
            view.talisman_view_options = options
            return view

        return decorator

    def _own_options(self) -> dict[str, Any]:
        return {**self._options, **getattr(current_view(), "talisman_view_options", {})}

    def _is_secure(self) -> bool:
        return bool(request.is_secure) or request.headers.get("X-Forwarded-Proto", "http") == "https"

    def _force_https(self) -> Any:
        if self.session_cookie_secure and not self.app.debug:
            self.app.config["SESSION_COOKIE_SECURE"] = True
        if not self._own_options()["force_https"] or self.app.debug or self._is_secure():
            return None
        return redirect(request.url.replace("http://", "https://", 1), 301 if self.force_https_permanent else 302)

    def _make_nonce(self) -> None:
        options = self._own_options()
        if options["content_security_policy"] and options["content_security_policy_nonce_in"]:
            context_values().setdefault(_NONCE, secrets.token_urlsafe(32)[:32])

    def _nonce(self) -> str:
        """What scripts that may run carry; ``csp_nonce()`` in templates."""
        return str(context_values().get(_NONCE, ""))

    def _add_headers(self, response: Any) -> Any:
        options, headers = self._own_options(), dict(self.fixed)
        nonce_in = options["content_security_policy_nonce_in"]
        if options["feature_policy"]:
            headers["Feature-Policy"] = self._policy(options["feature_policy"], nonce_in)
        for name in ("permissions_policy", "document_policy"):
            policy = options[name]
            if policy and not isinstance(policy, str):
                policy = ", ".join(f"{part}={value}" for part, value in policy.items())
            headers[name.replace("_", "-").title()] = policy or ""
        if options["frame_options"]:
            to = f" {options['frame_options_allow_from']}" if options["frame_options"] == ALLOW_FROM else ""
            headers["X-Frame-Options"] = options["frame_options"] + to
        if options["content_security_policy"]:
            policy = self._policy(options["content_security_policy"], nonce_in)
            if self.report_uri and "report-uri" not in policy:
                policy += f"; report-uri {self.report_uri}"
            headers["Content-Security-Policy" + ("-Report-Only" if self.report_only else "")] = policy
        if self._is_secure():
            headers["Strict-Transport-Security"] = self.hsts
        for name, value in headers.items():
            if value:
                response.headers[name] = value
        return response

    def _policy(self, policy: Any, nonce_in: Any) -> str:
        if isinstance(policy, str):
            parts = [part.strip().split(" ") for part in policy.split(";")]
            policy = {name: " ".join(values) for name, *values in parts}
        nonce, texts = self._nonce(), []
        for part, value in policy.items():
            text = f"{part} {value if isinstance(value, str) else ' '.join(value)}"
            texts.append(f"{text} 'nonce-{nonce}'" if nonce and part in nonce_in else text)
        return "; ".join(texts)


__all__ = [
    "ALLOW_FROM", "DEFAULT_CSP_POLICY", "DEFAULT_DOCUMENT_POLICY", "DEFAULT_FEATURE_POLICY",
    "DEFAULT_PERMISSIONS_POLICY", "DEFAULT_REFERRER_POLICY", "DENY", "GOOGLE_CSP_POLICY", "ONE_YEAR_IN_SECS",
    "SAMEORIGIN", "Talisman",
]  # fmt: skip
