"""Words for directions, senses of rotation, and the verbs that move or turn the arm."""

from __future__ import annotations

from roboact_ros.language.meanings import (
    BACK,
    BASE_LEFT,
    BASE_RIGHT,
    DOWN,
    FORWARD,
    INWARD,
    LEFT,
    OUTWARD,
    RIGHT,
    UP,
    Entry,
    Kind,
    Level,
    Move,
    Turn,
)
from roboact_ros.language.words.combined import combined

_TOWARDS = "toward; towards; closer to; closer toward; closer towards; nearer to; nearer"
_BASE = """
    you; yourself; the base; your base; base; the robot; robot; the robot base; the robot 's base; robot base; itself;
    your body; the body
    """

PHRASES = [
    (
        Entry(Kind.DIRECTION, LEFT),
        """
        left; leftward; leftwards; left side; left hand side; lefthand side; leftmost side
        """,
    ),
    (
        Entry(Kind.DIRECTION, RIGHT),
        """
        right; rightward; rightwards; right side; right hand side; righthand side
        """,
    ),
    (
        Entry(Kind.DIRECTION, BASE_LEFT),
        """
        your left; your left side; your left hand side; robot 's left; plus y; positive y; y plus
        """,
    ),
    (
        Entry(Kind.DIRECTION, BASE_RIGHT),
        """
        your right; your right side; your right hand side; robot 's right; minus y; negative y; y minus
        """,
    ),
    (
        Entry(Kind.DIRECTION, UP),
        """
        up; upward; upwards; higher; higher up; higher position; higher level; up higher; skyward; plus z; positive z;
        z plus; z up
        """,
    ),
    (
        Entry(Kind.DIRECTION, DOWN),
        """
        down; downward; downwards; lower position; lower level; down lower; minus z; negative z; z minus; z down
        """,
    ),
    (
        Entry(Kind.DIRECTION, FORWARD),
        """
        forward; forwards; ahead; straight ahead; front; frontward; frontwards; onward; onwards; forth; fwd; away from
        me; away from us; further from me; farther from me
        """,
    ),
    (
        Entry(Kind.DIRECTION, BACK),
        """
        back; backward; backwards; rear; rearward; rearwards; behind; bwd; back side; backside; toward me; towards me;
        closer to me; nearer to me; nearer me; to me; toward us; towards us; closer towards me; closer toward me
        """,
    ),
    (
        Entry(Kind.DIRECTION, OUTWARD),
        """
        away; further away; farther away; away from you; away from yourself; away from the base; away from your base;
        away from the robot; away from the robot base; away from the robot 's base; away from base; away from robot;
        away from itself; away from your body; outward; outwards; plus x; positive x; x plus
        """,
    ),
    (
        Entry(Kind.DIRECTION, INWARD),
        "inward; inwards; minus x; negative x; x minus; " + combined(_TOWARDS, _BASE),
    ),
    (Entry(Kind.SENSE, 1), "clockwise; clock wise; cw; clockwisely"),
    (
        Entry(Kind.SENSE, -1),
        """
        counterclockwise; anticlockwise; ccw; counter clock wise; acw; anti clockwise; counter clockwise; widdershins
        """,
    ),
    (
        Entry(Kind.MOVE, Move()),
        """
        move; moving; go; going; shift; shifting; slide; sliding; translate; translating; travel; traveling;
        travelling; displace; displacing; head; heading; scoot; scooting; scooch; jog; jogging; bring; bringing; drive;
        driving; send; sending; step; stepping; slew; come; coming; carry; drift; relocate; reposition; transport;
        return; returning; keep; get; getting; take; draw; drawing; glide; guide
        """,
    ),
    (Entry(Kind.MOVE, Move(level=Level.SMALL)), "nudge; nudging; bump; bumping; a nudge; nudged"),
    (
        Entry(Kind.MOVE, Move(OUTWARD)),
        """
        push; pushing; extend; extending; stretch; stretching; reach; reaching; thrust; shove; press
        """,
    ),
    (Entry(Kind.MOVE, Move(OUTWARD, strict=True)), "advance; advancing"),
    (Entry(Kind.MOVE, Move(INWARD)), "pull; pulling; haul; tug; drag; dragging; yank"),
    (
        Entry(Kind.MOVE, Move(INWARD, strict=True)),
        """
        retract; retracting; retreat; retreating; withdraw; withdrawing; back off; back away; back out; backing off;
        backing away
        """,
    ),
    (
        Entry(Kind.MOVE, Move(UP, strict=True)),
        """
        raise; raising; lift; lifting; elevate; elevating; rise; rising; ascend; ascending; hoist; hoisting; climb;
        climbing; heighten; raise up; lift up; rise up; uplift; lift off; raised
        """,
    ),
    (
        Entry(Kind.MOVE, Move(DOWN, strict=True)),
        """
        lower; lowering; descend; descending; sink; sinking; drop down; dip; dipping; dip down; lower down; dropping;
        lowered; let down
        """,
    ),
    (Entry(Kind.ROTATE, Turn.ROLL), "roll; rolling"),
    (
        Entry(Kind.ROTATE, Turn.TILT),
        """
        tilt; tilting; pitch; pitching; tip; tipping; angle; angling; incline; inclining
        """,
    ),
    (Entry(Kind.ROTATE, Turn.YAW), "yaw; yawing"),
    (
        Entry(Kind.ROTATE, Turn.SPIN),
        """
        rotate; rotating; turn; turning; twist; twisting; spin; spinning; swivel; swiveling; swivelling; pivot;
        pivoting
        """,
    ),
]
