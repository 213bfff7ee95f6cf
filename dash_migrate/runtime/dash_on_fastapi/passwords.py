"""Hashes of passwords: Flask-Bcrypt's ``Bcrypt``, on the same package ``bcrypt``."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import bcrypt


class Bcrypt:
    """Makes hashes and compares with them, as the settings of a server say."""

    _log_rounds = 12
    _prefix = "2b"
    _handle_long_passwords = False

    def __init__(self, app: Any = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Take the settings of a server."""
        self._log_rounds = app.config.get("BCRYPT_LOG_ROUNDS", 12)
        self._prefix = app.config.get("BCRYPT_HASH_PREFIX", "2b")
        self._handle_long_passwords = app.config.get("BCRYPT_HANDLE_LONG_PASSWORDS", False)

    def generate_password_hash(self, password: Any, rounds: int | None = None, prefix: Any = None) -> bytes:
        """The hash of a password.

        Raises:
            ValueError: it is empty.
        """
        if not password:
            raise ValueError("Password must be non-empty.")
        salt = bcrypt.gensalt(self._log_rounds if rounds is None else rounds, _bytes(prefix or self._prefix))
        return bcrypt.hashpw(self._secret(password), salt)

    def check_password_hash(self, pw_hash: Any, password: Any) -> bool:
        """Whether a hash is that of a password."""
        known = _bytes(pw_hash)
        return hmac.compare_digest(bcrypt.hashpw(self._secret(password), known), known)

    def _secret(self, password: Any) -> bytes:
        secret = _bytes(password)
        return hashlib.sha256(secret).hexdigest().encode() if self._handle_long_passwords else secret


def _bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def generate_password_hash(password: Any, rounds: int | None = None) -> bytes:
    """The hash of a password, whatever the settings are."""
    return Bcrypt().generate_password_hash(password, rounds)


def check_password_hash(pw_hash: Any, password: Any) -> bool:
    """Whether a hash is that of a password."""
    return Bcrypt().check_password_hash(pw_hash, password)


__all__ = ["Bcrypt", "check_password_hash", "generate_password_hash"]
