"""``roboact …``: finds the command, runs it, and turns refusals into one clear line."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from roboact_ros.commands import COMMANDS
from roboact_ros.errors import RoboactError, did_you_mean


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (2 for refused input, 130 after Ctrl-C)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(_overview())
        return 0
    name, *rest = words
    if name not in COMMANDS:
        print(f'roboact: no command "{name}": {did_you_mean(name, COMMANDS)}', file=sys.stderr)
        return 2
    command = importlib.import_module(f"roboact_ros.commands.{name}")
    parser = argparse.ArgumentParser(
        prog=f"roboact {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    try:
        status: int = command.run(parser.parse_args(rest))
    except RoboactError as error:
        print(f"roboact {name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    return f"usage: roboact COMMAND …\n\n{lines}\n\nroboact COMMAND --help explains each."


if __name__ == "__main__":
    sys.exit(main())
