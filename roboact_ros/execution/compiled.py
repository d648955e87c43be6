"""Ahead-of-use compilation of the numeric kernels of this room.

A kernel calls kernels of its own file only: the compilation cache on disk notices a change of the file a kernel is
written in, not of the files it calls into.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(*signatures: str) -> Callable[[Function], Function]:
    """Compile a function to machine code when its module is imported, never later.

    The signatures are explicit so that nothing compiles inside a control loop. The code is kept in ``__pycache__``
    beside the source, or in the user's cache folder (``NUMBA_CACHE_DIR`` overrides it) when that is not writable.
    The kernel releases the GIL while it runs and follows IEEE rules for division by zero.

    Args:
        signatures: Numba signatures, e.g. ``float64(float64[::1])``.
    """

    def decorate(function: Function) -> Function:
        kernel = numba.njit(list(signatures), cache=True, nogil=True, error_model="numpy")(function)
        return cast(Function, kernel)

    return decorate
