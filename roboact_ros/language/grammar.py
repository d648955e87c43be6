"""Reads segments as displacements, rotations and gripper commands, in the order in which they were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language import vocabulary
from roboact_ros.language.amounts import Amount, combined, magnitude, percent_open
from roboact_ros.language.meanings import Body, Direction, Kind, Level, Move, Turn
from roboact_ros.language.questions import CAPABILITIES
from roboact_ros.language.scan import GRIPPER_VERBS, Item, Quantity
from roboact_ros.language.sentence import Segment
from roboact_ros.language.viewpoint import Viewpoint
from roboact_ros.types import Motion


@dataclass
class Step:
    """One motion whose amount may still come from a neighbour ("up and left a bit").

    Attributes:
        axis: Entry of the action; 7 for the gripper.
        sign: Direction, or 0 for the gripper.
        amount: What was said, None for nothing.
        segment: Index of its segment.
        leads: Whether the amount was said before the direction.
        percent: Opening of the gripper.
    """

    axis: int
    sign: int
    amount: Amount | None
    segment: int
    leads: bool = False
    percent: Decimal = Decimal(0)


def read(segments: Sequence[Segment], viewpoint: Viewpoint) -> tuple[Motion, ...]:
    """Return the motions of the segments.

    Raises:
        LanguageRefusal: A segment is incomplete, ambiguous or contradicts itself or its neighbours.
    """
    steps: list[Step] = []
    verb: Item | None = None
    for at, segment in enumerate(segments):
        steps += _steps(segment, at, verb, viewpoint)
        verb = segment.verb or verb
    _share_amounts(steps, segments)
    _refuse_contradictions(steps, segments)
    return tuple(
        vocabulary.opening(step.percent)
        if step.axis == vocabulary.GRIPPER_AXIS
        else vocabulary.displacement(
            step.axis, step.sign, magnitude(step.amount, step.axis, segments[step.segment].said)
        )
        for step in steps
    )


def _steps(segment: Segment, at: int, inherited: Item | None, viewpoint: Viewpoint) -> list[Step]:
    verb = segment.verb
    if verb is not None and verb.kind is Kind.DROP:
        verb = _drop(segment)
    if verb is not None and verb.kind in GRIPPER_VERBS:
        return [_gripper(segment, verb, at)]
    if any(noun.value is Body.OBJECT for noun in segment.nouns):
        raise LanguageRefusal(f'"{segment.said}" is about an object. {CAPABILITIES} What should I do?')
    turn = _turn(segment, verb or inherited)
    if turn is not None:
        return _paired(segment, at, [(turn.value, _sense(segment, aim, turn, verb)) for aim in segment.aims])
    return _paired(segment, at, [_in_base(direction, viewpoint) for direction in _directions(segment, verb)], verb)


def _drop(segment: Segment) -> Item:
    """Tell dropping the arm from dropping what the gripper holds."""
    bodies = {noun.value for noun in segment.nouns}
    far = bool(segment.amounts) and not any(part.kind is Kind.FULL for part in segment.amounts)
    if Body.ARM in bodies or segment.aims or (far and Body.OBJECT not in bodies):
        return Item(Kind.MOVE, Move(Direction(2, -1, anchored=True), strict=True), "drop")
    if bodies and bodies <= {Body.IT, Body.OBJECT}:
        return Item(Kind.RELEASE, None, "drop")
    raise LanguageRefusal("Should I open the gripper or lower the arm?")


def _gripper(segment: Segment, verb: Item, at: int) -> Step:
    closing = verb.kind in (Kind.CLOSE, Kind.GRAB)
    if segment.aims:
        raise LanguageRefusal(f'"{segment.said}": move, or {verb.words} the gripper? Tell me one after the other.')
    for noun in segment.nouns:
        if noun.value is Body.ARM or (noun.value is Body.OBJECT and verb.kind in (Kind.OPEN, Kind.CLOSE)):
            if noun.words in ("robot", "robo", "bot", "yourself"):
                continue
            raise LanguageRefusal(f"I can {verb.words} the gripper, not the {noun.words}. Should I do that?")
    full = any(part.kind is Kind.FULL for part in segment.amounts)
    percent = percent_open(amounts_of(segment.amounts), closing, full)
    return Step(vocabulary.GRIPPER_AXIS, 0, None, at, percent=percent)


def _turn(segment: Segment, verb: Item | None) -> Turn | None:
    """Return what the segment turns, or None when it moves."""
    senses = any(aim.kind is Kind.SENSE for aim in segment.aims)
    lengths = any(isinstance(part.value, Quantity) and part.value.unit == "cm" for part in segment.amounts)
    grips = any(noun.value is Body.GRIPPER for noun in segment.nouns)
    if verb is None or verb.kind is not Kind.ROTATE:
        if senses and verb is not None and verb is segment.verb and verb.value == Move() and grips:
            return Turn.SPIN
        if senses and verb is None and grips:
            return Turn.SPIN
        if senses:
            raise LanguageRefusal(f'"{segment.said}": roll, yaw, or rotate the gripper?')
        return None
    if segment.verb is None and lengths and not senses:
        return None
    turn = verb.value
    if not isinstance(turn, Turn):
        raise TypeError(f"a verb of rotation without what it turns: {verb}")
    if turn is Turn.SPIN and any(
        noun.value is Body.ARM and noun.words not in ("robot", "robo", "bot") for noun in segment.nouns
    ):
        if not grips:
            raise LanguageRefusal(f'"{segment.said}": roll, tilt or yaw the arm, or rotate the gripper?')
    if not segment.aims:
        raise LanguageRefusal(
            f'"{segment.said}" which way: {"up or down" if turn is Turn.TILT else "clockwise or counterclockwise"}?'
        )
    return turn


def _sense(segment: Segment, aim: Item, turn: Turn, verb: Item | None) -> int:
    """Return the sign of a rotation."""
    direction = aim.value
    if turn is Turn.TILT:
        if isinstance(direction, Direction) and direction.axis == 2:
            return -direction.sign
        raise LanguageRefusal(f'"{segment.said}": tilt up or down, or roll clockwise or counterclockwise?')
    if isinstance(direction, int):
        return direction
    if isinstance(direction, Direction) and direction.axis == 1 and turn is not Turn.YAW:
        # "turn left" without saying what turns is as likely a displacement.
        if verb is None or not verb.words.startswith("turn") or segment.nouns:
            return -direction.sign
    raise LanguageRefusal(
        f'"{segment.said}": clockwise or counterclockwise, and what: roll, yaw, or rotate the gripper?'
    )


def _directions(segment: Segment, verb: Item | None) -> list[Direction]:
    move = verb.value if verb is not None and isinstance(verb.value, Move) else Move()
    aims = [aim.value for aim in segment.aims if isinstance(aim.value, Direction)]
    if any(aim.kind is Kind.OUT for aim in segment.aims) and (move.implied is None or move.implied.sign < 0):
        raise LanguageRefusal(f'"{segment.said}": which way is out? Left, right, up, down, forward or back?')
    if not aims:
        if move.implied is None:
            raise LanguageRefusal(f'"{segment.said}" which way? {CAPABILITIES}')
        return [move.implied]
    if move.implied is not None and move.strict:
        for aim in aims:
            if (aim.axis, aim.sign) != (move.implied.axis, move.implied.sign):
                raise LanguageRefusal(f'"{segment.said}" names two directions. Which one, or which one first?')
    return list(dict.fromkeys(aims))


def _in_base(direction: Direction, viewpoint: Viewpoint) -> tuple[int, int]:
    seen = viewpoint.in_base(direction)
    return seen.axis, seen.sign


def _paired(segment: Segment, at: int, aims: Sequence[tuple[int, int]], verb: Item | None = None) -> list[Step]:
    """Give each direction of a segment the amount that was said beside it."""
    if any(part.kind is Kind.FULL for part in segment.amounts):
        raise LanguageRefusal(f'"{segment.said}": how many centimeters or degrees is that?')
    aims = list(dict.fromkeys(aims))
    groups = _grouped(segment)
    amounts = [
        combined(amounts_of(group), segment.said) for group in groups if group[0].kind in (Kind.QUANTITY, Kind.LEVEL)
    ]
    if not amounts and verb is not None and isinstance(verb.value, Move):
        amounts = [verb.value.level] if verb.value.level else []
    leads = bool(groups) and groups[0][0].kind in (Kind.QUANTITY, Kind.LEVEL)
    if len(aims) == 1 and len(amounts) > 1:
        amounts = [combined(amounts, segment.said)]
    if len(amounts) == len(aims):
        return [Step(*aim, amount, at, leads) for aim, amount in zip(aims, amounts, strict=True)]
    trails = bool(groups) and groups[-1][0].kind in (Kind.QUANTITY, Kind.LEVEL)
    if len(amounts) > 1 or (amounts and groups and not leads and not trails):
        raise LanguageRefusal(f'"{segment.said}": which amount belongs to which direction?')
    return [Step(*aim, amounts[0] if amounts else None, at, leads) for aim in aims]


def _grouped(segment: Segment) -> list[list[Item]]:
    """Return runs of amounts and runs of directions in turn."""
    groups: list[list[Item]] = []
    for part in segment.parts:
        if groups and (groups[-1][0].kind in (Kind.QUANTITY, Kind.LEVEL)) == (part.kind in (Kind.QUANTITY, Kind.LEVEL)):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def amounts_of(amounts: Sequence[Item]) -> list[Amount]:
    """Return what the amounts among the items say."""
    return [part.value for part in amounts if isinstance(part.value, (Quantity, Level))]


def _share_amounts(steps: Sequence[Step], segments: Sequence[Segment]) -> None:
    """Let an amount at the end, or before the first direction, count for all directions joined without a verb."""
    run: list[Step] = []
    for step in (*steps, None):
        joined = step is not None and bool(run) and _goes_on(run[-1], step, segments)
        if not joined:
            _share(run)
            run = []
        if step is not None:
            run.append(step)


def _goes_on(before: Step, step: Step, segments: Sequence[Segment]) -> bool:
    segment = segments[step.segment]
    same = (before.axis < 3 and step.axis < 3) or before.axis == step.axis
    return same and (before.segment == step.segment or (segment.link in ("comma", "and") and segment.verb is None))


def _share(run: Sequence[Step]) -> None:
    if not run:
        return
    if run[-1].amount is not None and not run[-1].leads:
        shared = run[-1].amount
    elif run[0].amount is not None and run[0].leads:
        shared = run[0].amount
    else:
        return
    for step in run:
        if step.amount is None:
            step.amount = shared


def _refuse_contradictions(steps: Sequence[Step], segments: Sequence[Segment]) -> None:
    for at, step in enumerate(steps):
        said = " ".join(segment.said for segment in segments)
        for before in reversed(steps[:at]):
            links = {segments[i].link for i in range(before.segment + 1, step.segment + 1)}
            if "then" in links:
                break
            if before.axis == step.axis == vocabulary.GRIPPER_AXIS:
                raise LanguageRefusal(f'"{said}": open or close the gripper, or which one first?')
            if vocabulary.GRIPPER_AXIS in (before.axis, step.axis):
                break
            if before.axis == step.axis and before.sign != step.sign:
                raise LanguageRefusal(f'"{said}" contradicts itself. Which one, or which one first?')
            if before.axis == step.axis and step.amount is None and before.amount is None:
                raise LanguageRefusal(f'"{said}" names one direction twice. How far in all?')
