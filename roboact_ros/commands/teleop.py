"""Talk to a running cell, line by line.

Tab completes, arrow keys recall what was said before, the bottom line shows the newest answer and the arm. Ctrl-C stops
the arm, once more leaves; so do Ctrl-D and "exit". Lines may also come from a pipe; each then waits until the arm has
done the one before.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from roboact_ros.errors import RoboactError
from roboact_ros.share import state_folder

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from roboact_ros.nodes.operator import Operator

LEAVE = ("exit", "bye")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--namespace", default="", help="ROS namespace of the cell (default: the root)")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="longest motion of a piped line [s]")


def run(args: argparse.Namespace) -> int:
    """Read lines from a prompt or a pipe."""
    from roboact_ros.nodes.operator import Operator

    with Operator(args.namespace) as operator:
        operator.connect()
        if sys.stdin.isatty():
            return _converse(operator)
        return _read(operator, args.timeout)


def _converse(operator: Operator) -> int:
    session = _prompt(operator)
    interrupted = False
    while True:
        try:
            text = session.prompt("> ").strip()
            interrupted = False
            if text in LEAVE:
                return 0
            if text:
                print(operator.ask(text).message)  # the prompt stays free: nobody waits to say stop
        except KeyboardInterrupt:
            operator.send("stop")
            if interrupted:
                return 130
            interrupted = True
            print("stopping; Ctrl-C again leaves")
        except EOFError:
            return 0
        except RoboactError as error:
            print(error)


def _read(operator: Operator, seconds: float) -> int:
    status = 0
    for line in sys.stdin:
        text = line.strip()
        if not text:
            continue
        before = operator.arm
        try:
            answer = operator.say(text)
            print(answer.message, flush=True)
            if not answer.values["refused"]:
                print(operator.follow(answer, before, seconds), flush=True)
            else:
                status = 2
        except KeyboardInterrupt:
            operator.send("stop")
            raise
        except RoboactError as error:
            print(error, flush=True)
            status = 2
    return status


def _prompt(operator: Operator) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    from roboact_ros.language.controls import CONTROL_WORDS
    from roboact_ros.language.vocabulary import PRIMITIVES

    def toolbar() -> str:
        operator.spin()
        arm = f"arm: {operator.arm.message}" if operator.arm else "no executor"
        return f"{operator.answer} | {arm}" if operator.answer else arm

    state = state_folder()
    state.mkdir(parents=True, exist_ok=True)
    return PromptSession(
        history=FileHistory(str(state / "history")),
        completer=WordCompleter([*CONTROL_WORDS, *(motion.phrase for motion in PRIMITIVES)], sentence=True),
        complete_while_typing=False,
        bottom_toolbar=toolbar,
        refresh_interval=0.2,
    )
