"""Ray Data on a cluster, or on this machine alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable
from typing import Any

from roboact_ros.errors import ConfigurationError

Row = dict[str, Any]


def map_with_ray(work: Callable[[Row], Row], rows: Iterable[Row]) -> Generator[Row, None, None]:
    """Return what ``work`` makes of each row, in any order, on the cluster that ``RAY_ADDRESS`` names, else here.

    Ray is started if it does not run yet, and then ended by whoever closes the generator.

    Raises:
        ConfigurationError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError(f"Ray is not installed ({error}): pip install 'roboact_ros[train]'") from error
    started = not ray.is_initialized()
    if started:
        alone = {} if "RAY_ADDRESS" in os.environ else {"_node_ip_address": "127.0.0.1", "include_dashboard": False}
        ray.init(logging_level=logging.WARNING, **alone)
    ray.data.DataContext.get_current().enable_progress_bars = False
    given = list(rows)
    try:
        yield from ray.data.from_items(given, override_num_blocks=len(given)).map(work).iter_rows()
    finally:
        if started:
            ray.shutdown()
