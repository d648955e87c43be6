"""Shows how far a conversion has come: a bar at a terminal, one line for each episode elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Progress:
    """Progress on standard error; use it in a ``with`` block."""

    def __init__(self) -> None:
        self._bar: Any = None

    def step(self, done: int, total: int, line: str) -> None:
        """Show that ``done`` of ``total`` are done, the last one described by ``line``."""
        if not sys.stderr.isatty():
            return self.tell(f"[{done}/{total}] {line}")
        if self._bar is not None and self._bar.total != total:  # something else is done now
            self._bar.close()
            self._bar = None
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="episode", dynamic_ncols=True, file=sys.stderr)
        self._bar.set_postfix_str(line[-60:], refresh=False)
        self._bar.update(done - self._bar.n)
        return None

    def tell(self, line: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
