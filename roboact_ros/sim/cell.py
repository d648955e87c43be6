"""The simulated cell: controllers on loopback addresses over one world, stepped together at 500 Hz."""

from __future__ import annotations

import gc
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from roboact_ros.errors import SimulationError
from roboact_ros.robots import RobotModel
from roboact_ros.sim.body import ArmBody
from roboact_ros.sim.calibration import Calibration
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.dashboard import Dashboard
from roboact_ros.sim.motion_kernel import STEP
from roboact_ros.sim.pendant import PendantPort
from roboact_ros.sim.robotiq_port import RobotiqPort
from roboact_ros.sim.rtde_server import RtdeServer
from roboact_ros.sim.script_ports import ScriptPorts
from roboact_ros.sim.sockets import Service, loopback_address, poll

_STEP_NS = round(STEP * 1e9)
_LATE_NS = 1_000_000
_MOST_BEHIND_NS = 20_000_000


class SteppedWorld(Protocol):
    """What the cell needs of the physics."""

    @property
    def arms(self) -> Sequence[ArmBody]:
        """One body per controller."""
        ...

    def step(self, seconds: float) -> None:
        """Advance everything."""
        ...


class IdealWorld:
    """A world without physics: every arm is where it was told to be."""

    def __init__(self, arms: Sequence[ArmBody]) -> None:
        self.arms = tuple(arms)

    def step(self, seconds: float) -> None:
        """Nothing moves by itself."""


class Polled(Protocol):
    """A further port that the loop serves, such as the one that streams the world to renderers."""

    def poll(self) -> None:
        """Serve what has arrived, without waiting."""
        ...

    def close(self) -> None:
        """Free the port."""
        ...


@dataclass(slots=True)
class LoopStatistics:
    """How punctual the loop was: ticks done, ticks started over 1 ms late, and time given up when far behind [s]."""

    ticks: int = 0
    late: int = 0
    lost_s: float = 0.0


class _Served:
    """One controller with all its ports."""

    def __init__(self, selector: selectors.BaseSelector, address: str, controller: Controller) -> None:
        self.controller, self.address = controller, address
        self.every = round(controller.period / STEP)
        self.services: list[Service] = []
        try:
            self.dashboard = Dashboard(selector, address, controller)
            self.services.append(self.dashboard.service)
            self.services.append(RobotiqPort(selector, address, controller).service)
            self.services.append(PendantPort(selector, address, controller).service)
            self.services += ScriptPorts(selector, address, controller).services
            self.rtde = RtdeServer(selector, address, controller)
            self.services.append(self.rtde.service)
        except SimulationError:
            self.close()
            raise

    def close(self) -> None:
        for service in self.services:
            service.close()


class SimulatedCell:
    """Serves one controller per arm of a world.

    Args:
        models: The arms.
        addresses: Loopback address of every controller.
        world: What moves; its arms in the same order.
        extras: Further ports to serve, and to close in the end.
        calibration_seed: Gives every robot its own small kinematic deviations; None makes them exactly as published.
        unlock_after: Time before a protective stop may be unlocked [s].
        log: Takes one line for the operator.

    Attributes:
        controllers: One per arm; touch them only from the loop's thread, or before it runs.
        statistics: How punctual the loop is.

    Raises:
        SimulationError: An address is not loopback or a port is taken; nothing is left open.
    """

    def __init__(
        self,
        models: Sequence[RobotModel],
        addresses: Sequence[str],
        world: SteppedWorld,
        extras: Sequence[Polled] = (),
        calibration_seed: int | None = None,
        unlock_after: float = 5.0,
        log: Callable[[str], None] = print,
    ) -> None:
        if not len(models) == len(addresses) == len(world.arms):
            raise SimulationError(f"{len(models)} arms need as many addresses and bodies, not {len(addresses)}")
        if len(set(map(loopback_address, addresses))) != len(addresses):
            raise SimulationError(f"every controller needs an address of its own, not {', '.join(addresses)}")
        self._world, self._extras, self._log = world, extras, log
        self._selector = selectors.DefaultSelector()
        self._served: list[_Served] = []
        try:
            for index, (model, address, body) in enumerate(zip(models, addresses, world.arms, strict=True)):
                calibration = None if calibration_seed is None else Calibration.random(calibration_seed + index)

                def say(text: str, address: str = address) -> None:
                    log(f"[{address}] {text}")

                controller = Controller(model, body, calibration, unlock_after, say)
                self._served.append(_Served(self._selector, address, controller))
        except SimulationError:
            self.close()
            raise
        self.controllers = tuple(served.controller for served in self._served)
        self.statistics = LoopStatistics()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._failure: Exception | None = None

    @property
    def clients(self) -> int:
        """How many RTDE clients are connected to all controllers."""
        return sum(served.rtde.clients for served in self._served)

    def tick(self) -> None:
        """Serve the network and advance everything by 2 ms."""
        poll(self._selector)
        number = self.statistics.ticks
        for served in self._served:
            if number % served.every == 0:
                served.controller.cycle()
            served.controller.step()
        self._world.step(STEP)
        for served in self._served:
            served.controller.sense()
            if number % served.every == 0:
                served.rtde.send(number // served.every)
        for extra in self._extras:
            extra.poll()
        self.statistics.ticks = number + 1

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Run in this thread, in real time, until ``until()`` is true."""
        gc.collect()
        gc.freeze()
        statistics = self.statistics
        due = time.monotonic_ns()
        while not until():
            due += _STEP_NS
            behind = time.monotonic_ns() - due
            if behind < 0:
                time.sleep(-behind * 1e-9)
                behind = time.monotonic_ns() - due
            if behind > _LATE_NS:
                statistics.late += 1
            if behind > _MOST_BEHIND_NS:
                statistics.lost_s += behind * 1e-9
                due += behind
            self.tick()

    def start(self, prepare: Callable[[], None] = lambda: None) -> None:
        """Run in a thread of its own until :meth:`stop`; ``prepare`` is called there first."""

        def run() -> None:
            try:
                prepare()
                self.run(self._stopping.is_set)
            except Exception as error:  # noqa: BLE001 - check() and stop() raise it where it is seen
                self._failure = error

        self._thread = threading.Thread(target=run, name="simulated-cell", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what ended the thread.

        Raises:
            SimulationError: The loop has failed.
        """
        if self._failure is not None:
            raise SimulationError(f"the simulation failed: {self._failure!r}") from self._failure

    def stop(self) -> None:
        """End the thread and free all ports.

        Raises:
            SimulationError: The loop had failed.
        """
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.close()
        self.check()

    def close(self) -> None:
        """Disconnect everybody and free all ports; may be called twice."""
        for served in self._served:
            served.close()
        for extra in self._extras:
            extra.close()
        self._served, self._extras = [], ()

    def __enter__(self) -> SimulatedCell:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
