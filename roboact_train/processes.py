"""Spreads independent work over processes; results come in the order of the work, whoever did it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from roboact_ros.errors import ConfigurationError, RoboactError

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def spread(work: Callable[[Item], Result], items: Sequence[Item], processes: int) -> Iterator[Result]:
    """Return the result of every item, in order.

    Args:
        work: What to do; a function of a module, so that other processes find it.
        items: What to do it with.
        processes: How many processes share the work; 1 does it in this one.

    Raises:
        ConfigurationError: Less than one process.
        RoboactError: The work refused an item, or a process died.
    """
    if processes < 1:
        raise ConfigurationError(f"--processes is at least 1, not {processes}")
    if min(processes, len(items)) <= 1:
        yield from map(work, items)
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")  # drawing surfaces and CUDA do not survive a fork
    pool = ProcessPoolExecutor(min(processes, len(items)), context, _prepare)
    finished = False
    try:
        yield from pool.map(work, items)
        finished = True
    except BrokenProcessPool as error:
        raise RoboactError(
            "a process died while it worked, perhaps for want of memory; use fewer --processes"
        ) from error
    finally:
        if not finished:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
        pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    """One thread for each process; Ctrl-C ends it without a word, the parent tells, and no process outlives that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ["OMP_NUM_THREADS"] = "1"
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
