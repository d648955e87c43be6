"""Run simulated UR controllers alone, for any client of the real robot.

Serves RTDE (30004), dashboard (29999), script ports (30001-30003) and a Robotiq gripper (63352) on loopback addresses,
until Ctrl-C. Port 30099 stands for the operator at the robot; docs/simulator.md explains it.
"""

from __future__ import annotations

import argparse
import ipaddress
import signal
import sys
from math import pi

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.robots import ROBOTS, robot_model

_HOME = (pi, -pi / 2, pi / 2, 3 * pi / 2, -pi / 2, -pi / 2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("models", nargs="+", metavar="MODEL", choices=sorted(ROBOTS), help=", ".join(sorted(ROBOTS)))
    parser.add_argument(
        "--address", default="127.0.0.1", help="loopback address of the first controller; the others follow it"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the objects on the table")
    parser.add_argument("--ideal", action="store_true", help="no physics: the arm is where it was told to be")
    parser.add_argument("--calibration-seed", type=int, help="give the robot small kinematic deviations of its own")
    parser.add_argument("--unlock-after", type=float, default=5.0, help="wait before a protective stop is unlocked [s]")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from roboact_ros.execution.realtime import prepare_process
    from roboact_ros.sim.body import IdealBody
    from roboact_ros.sim.cell import IdealWorld, Polled, SimulatedCell, SteppedWorld
    from roboact_ros.sim.sockets import loopback_address

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    models = [robot_model(name) for name in args.models]
    first = ipaddress.IPv4Address(loopback_address(args.address))
    addresses = [str(first + index) for index in range(len(models))]
    extras: list[Polled] = []
    world: SteppedWorld
    if args.ideal:
        world = IdealWorld([IdealBody(np.array(_HOME)) for _ in models])
    else:
        from roboact_ros.sim.world import World
        from roboact_ros.sim.world_port import WorldPort

        physics = World(models, seed=args.seed)
        world = physics
        extras.append(WorldPort(physics, addresses[0]))

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    cell = SimulatedCell(models, addresses, world, extras, args.calibration_seed, args.unlock_after, say)
    try:
        say(prepare_process())
        served = ", ".join(f"{model.name} at {address}" for model, address in zip(models, addresses, strict=True))
        print(
            f"ready: {served}; RTDE 30004, dashboard 29999, script 30001-30003, Robotiq 63352, operator 30099",
            flush=True,
        )
        cell.run()
    except KeyboardInterrupt:
        return 0
    finally:
        cell.close()
    raise SimulationError("the simulation ended by itself")
