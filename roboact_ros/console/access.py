"""Who may use the console: people at this machine, and elsewhere those who have its token."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from roboact_ros.errors import ConfigurationError

SHORTEST_TOKEN = 16
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},}}")
_PROTOCOL = "token."


class Access:
    """Decides about every request.

    Without a token only names of this machine's loopback may stand in the address bar, so that no other site can
    have its own name point here and then talk to the robot as if it were this page. With a token the name does not
    matter: another site does not know it. Either way a page of another site is refused.

    Args:
        token: What has to be shown; empty lets everybody in who reaches the loopback.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token.encode()

    def refusal(self, headers: Mapping[str, str], public: bool) -> str:
        """Return why a request is refused; empty when it is not.

        Args:
            headers: Headers of the request, with case-insensitive names.
            public: Whether it asks for the page itself, which holds no secret.
        """
        host = headers.get("Host", "")
        if not self._token and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return f'this console is not called "{host}"; open it as localhost'
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return f'pages of "{origin}" may not use this console'
        if self._token and not public and not hmac.compare_digest(_shown(headers).encode(), self._token):
            return "wrong token; open the address that the cell printed when it started"
        return ""


def is_loopback(host: str) -> bool:
    """Whether a name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path) -> str:
    """Return the token in a file, made at random when there is no such file.

    Raises:
        ConfigurationError: It cannot be read or made, or what it holds is no good token.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24) + "\n")
        token = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the token of the console, {path}: {error}") from error
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError(
            f"{path} must hold at least {SHORTEST_TOKEN} letters, digits, - or _; remove it to get a new one"
        )
    return token


def token_protocol(offered: str) -> str | None:
    """Return the WebSocket protocol that carries the token, of those a browser offers; None without one."""
    return next((name.strip() for name in offered.split(",") if name.strip().startswith(_PROTOCOL)), None)


def _shown(headers: Mapping[str, str]) -> str:
    """Return the token of a request; a browser can give a WebSocket no header but its protocols."""
    protocol = token_protocol(headers.get("Sec-WebSocket-Protocol", ""))
    if protocol is not None:
        return protocol.removeprefix(_PROTOCOL)
    return headers.get("Authorization", "").removeprefix("Bearer ")
