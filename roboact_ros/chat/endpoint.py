"""Where a language model is reached, checked before anything is sent there."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from roboact_ros.errors import ChatError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible endpoint; its text never holds the key.

    Attributes:
        host: Name or address.
        port: TCP port.
        path: Path of the chat completions.
        secure: Whether to speak TLS.
        model: Name of the model; empty leaves the choice to the endpoint.
        api_key: Bearer token, or empty.
    """

    host: str
    port: int
    path: str
    secure: bool
    model: str = ""
    api_key: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return its address."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}{self.path}"


def endpoint_at(url: str, model: str = "", api_key_env: str = "") -> Endpoint:
    """Return the endpoint with the base address ``url``, e.g. ``http://127.0.0.1:11434/v1``.

    Args:
        url: Base address: https anywhere, http on this machine only, as images and keys would travel readable.
        model: Name of the model.
        api_key_env: Name of the environment variable that holds the key; empty sends none.

    Raises:
        ChatError: The address cannot be used or there is no such key. The message holds neither the key nor what was
            given as its name, which may be the key itself by mistake.
    """
    endpoint = check_endpoint(url, api_key_env)
    api_key = os.environ.get(api_key_env, "").strip() if api_key_env else ""
    if api_key_env and not _KEY.fullmatch(api_key):
        raise ChatError("the environment variable that api_key_env names is not set, or is no key")
    return Endpoint(endpoint.host, endpoint.port, endpoint.path, endpoint.secure, model, api_key)


def check_endpoint(url: str, api_key_env: str = "") -> Endpoint:
    """Return the endpoint without its key, which only the process that asks needs.

    Raises:
        ChatError: See :func:`endpoint_at`.
    """
    if api_key_env and not _VARIABLE.fullmatch(api_key_env):
        raise ChatError("api_key_env must be the name of an environment variable, such as OPENAI_API_KEY, not a key")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:  # also what cannot be encoded
        raise ChatError(f'"{url}" is no address of an endpoint; valid: http://127.0.0.1:11434/v1') from None
    if parts.username is not None or parts.query or parts.fragment:
        raise ChatError("the address of an endpoint holds no user, query or fragment; a key goes into api_key_env")
    secure = parts.scheme == "https"
    if not host or not (secure or parts.scheme == "http") or not re.fullmatch(r"[!-~]*", parts.path):
        raise ChatError(f'"{url}" is no address of an endpoint; valid: https://api.example.com/v1')
    if not secure and not is_this_machine(host):
        raise ChatError(f'"{url}" would send images and words readable over the network; use https, or a tunnel')
    return Endpoint(host, port or (443 if secure else 80), f"{parts.path.rstrip('/')}/chat/completions", secure)


def is_this_machine(host: str) -> bool:
    """Whether what is sent to ``host`` stays on this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
