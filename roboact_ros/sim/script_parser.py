"""Finds programs in the text that clients send to the script ports."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

_CALL = re.compile(r"^\s*(\w+)\s*\((.*)\)\s*$")


@dataclass(frozen=True, slots=True)
class Call:
    """One line such as ``movel(p[0.3, 0, 0.4, 0, 3.14, 0], a=1.2, v=0.25)``.

    Attributes:
        name: The function.
        arguments: Positional arguments: numbers, texts, or lists of numbers.
        named: Arguments by name.
        pose: Whether the first argument is a pose ``p[…]``.
    """

    name: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    pose: bool


@dataclass(frozen=True, slots=True)
class Script:
    """One uploaded program: its name and the lines of its body."""

    name: str
    lines: tuple[str, ...]

    @property
    def is_control_script(self) -> bool:
        """Whether it is the control script of ur_rtde."""
        return self.name == "rtde_control"

    @property
    def register_offset(self) -> int:
        """First register that the control script uses: 0 or 24."""
        found = re.search(r"# int register offset\s*\n\s*(\d+)", "\n".join(self.lines))
        return int(found.group(1)) if found else 0

    @property
    def injected_path(self) -> tuple[str, ...]:
        """The lines that ur_rtde injected into its control script for ``movePath``."""
        for index, line in enumerate(self.lines):
            if "# inject move path" in line:
                rest = [text.strip() for text in self.lines[index + 1 :]]
                return tuple(rest[: rest.index("end")] if "end" in rest else rest)
        return ()


def take_scripts(inbox: bytearray) -> list[Script]:
    """Take the complete programs and single lines out of ``inbox``; a program reaches from ``def`` to ``end``."""
    text = inbox.decode("latin-1")  # keeps every byte, also of half a character
    scripts: list[Script] = []
    lines = text.split("\n")
    at = taken = 0
    while at < len(lines) - 1:
        head = re.match(r"^(?:def|sec)\s+(\w+)\s*\(.*\)\s*:\s*$", lines[at])
        if head:
            end = next((i for i in range(at + 1, len(lines) - 1) if lines[i].rstrip() == "end"), None)
            if end is None:
                break
            scripts.append(Script(head.group(1), tuple(lines[at + 1 : end])))
            at = end + 1
        else:
            if lines[at].strip():
                scripts.append(Script("line", (lines[at],)))
            at += 1
        taken = at
    if taken:
        inbox[:] = "\n".join(lines[taken:]).encode("latin-1")
    return scripts


def parse_call(line: str) -> Call:
    """Return the call that a line of URScript makes.

    Raises:
        ValueError: It is not a plain call with literal arguments.
    """
    found = _CALL.match(line.split("#")[0])
    if not found:
        raise ValueError(line.strip())
    name, inside = found.groups()
    pose = bool(re.match(r"\s*p\s*\[", inside))
    inside = re.sub(r"\bp\s*\[", "[", inside)
    try:
        tree = ast.parse(f"f({inside})", mode="eval")
    except SyntaxError:
        raise ValueError(line.strip()) from None
    call = tree.body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(line.strip())
    return Call(
        name,
        tuple(_value(argument) for argument in call.args),
        {keyword.arg or "": _value(keyword.value) for keyword in call.keywords},
        pose,
    )


def _value(node: ast.expr) -> Any:
    """Evaluate a literal; sums and signs are allowed, names are not."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _value(node.left) + _value(node.right)
    if isinstance(node, ast.List):
        return [_value(element) for element in node.elts]
    raise ValueError(ast.unparse(node))
