"""Work spread over processes."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection

import psutil
import pytest

from roboact_ros.errors import ConfigurationError, RoboactError, SimulationError
from roboact_train.processes import spread


def process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def fail(number: int) -> int:
    if number == 2:
        raise SimulationError("number 2 cannot be done")
    return number


def die(number: int) -> int:
    if number == 2:
        os._exit(1)
    return number


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order(processes: int) -> None:
    results = list(spread(process, range(20), processes))
    assert [number for number, _ in results] == list(range(20))
    here = {pid for _, pid in results} == {os.getpid()}
    assert here is (processes == 1)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_refusal_comes_through_and_nothing_is_left_behind(processes: int) -> None:
    with pytest.raises(SimulationError, match="number 2"):
        list(spread(fail, range(200), processes))
    assert multiprocessing.active_children() == []


def test_a_process_that_dies_is_named() -> None:
    with pytest.raises(RoboactError, match="a process died"):
        list(spread(die, range(4), 2))


def test_whoever_stops_listening_leaves_nothing_behind() -> None:
    results = spread(process, range(1000), 2)
    assert next(results)[0] == 0
    results.close()
    assert multiprocessing.active_children() == []


def listen_forever(said: Connection) -> None:
    for _, pid in spread(process, range(10**4), 2):
        said.send(pid)


def test_workers_end_with_the_process_that_started_them() -> None:
    heard, said = multiprocessing.Pipe(duplex=False)
    boss = multiprocessing.get_context("spawn").Process(target=listen_forever, args=(said,))
    boss.start()
    workers = {heard.recv() for _ in range(3)}
    boss.kill()
    boss.join()
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)], timeout=20.0)
    assert not alive


def test_no_process_cannot_work() -> None:
    with pytest.raises(ConfigurationError, match="0"):
        list(spread(process, range(3), 0))
