"""The makers' libraries, which are installed only where such a camera is used."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator

from roboact_ros.errors import ConfigurationError

_SDKS = {
    "realsense": ("pyrealsense2", "pip install 'roboact_ros[realsense]'"),
    # With its dependencies it would replace NumPy by one that Pinocchio and OpenCV do not run with.
    "orbbec": ("pyorbbecsdk", "pip install --no-deps pyorbbecsdk2"),
}


def require_sdk(kind: str) -> None:
    """Import the SDK behind a kind of camera.

    Raises:
        ConfigurationError: It is not installed, or cannot be loaded.
    """
    module, command = _SDKS[kind]
    try:
        with _quiet():
            importlib.import_module(module)
    except ImportError as error:
        # The RealSense library is linked against libusb, which its wheel does not bring.
        system = "" if isinstance(error, ModuleNotFoundError) else ", and: apt install libusb-1.0-0"
        raise ConfigurationError(
            f"{kind} cameras need {module}, which cannot be imported ({error}). Install it: {command}{system}"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a library greets with, from its C++, out of what a command prints."""
    sys.stdout.flush()
    standard_output = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(standard_output, 1)
        os.close(standard_output)
        os.close(nowhere)
