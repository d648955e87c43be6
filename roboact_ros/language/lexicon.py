"""The words the parser knows, by meaning. A phrase of several words wins over its parts.

Nothing here looks at context: what may stand beside what is the grammar's business.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a phrase does in a sentence."""

    FILLER = "filler"
    INTERJECTION = "interjection"
    REQUEST = "request"
    DIRECTION = "direction"
    SENSE = "sense"
    MOVE = "move"
    ROTATE = "rotate"
    OPEN = "open"
    CLOSE = "close"
    GRAB = "grab"
    RELEASE = "release"
    DROP = "drop"
    NOUN = "noun"
    QUANTITY = "quantity"
    LEVEL = "level"
    INTENSIFIER = "intensifier"
    FULL = "full"
    MORE = "more"
    OUT = "out"
    JOIN = "join"
    THEN = "then"
    QUESTION = "question"
    PRONOUN = "pronoun"
    NEGATION = "negation"
    CONTROL = "control"
    UNKNOWN = "unknown"


class Level(enum.Enum):
    """Amounts in words, in the order of the vocabulary: centimetres and degrees (CLIP-RT, section 2 of its facts)."""

    TINY = (1, 5)
    SMALL = (5, 15)
    MEDIUM = (10, 45)
    LARGE = (20, 90)


class Turn(enum.Enum):
    """What a rotation turns, as the entry of the action."""

    ROLL = 3
    TILT = 4
    YAW = 5
    SPIN = 6


class Body(enum.Enum):
    """What a noun stands for."""

    ARM = "arm"
    GRIPPER = "gripper"
    IT = "it"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction: entry of the action, sign, and whether the base fixes it rather than the viewpoint."""

    axis: int
    sign: int
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A verb of displacement: the direction it implies, and whether another direction beside it contradicts it."""

    implied: Direction | None = None
    strict: bool = False
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A meaning: its kind and what that kind needs to know."""

    kind: Kind
    value: object = None


FORWARD, BACK = Direction(0, 1), Direction(0, -1)
LEFT, RIGHT = Direction(1, 1), Direction(1, -1)
UP, DOWN = Direction(2, 1, anchored=True), Direction(2, -1, anchored=True)
OUTWARD, INWARD = Direction(0, 1, anchored=True), Direction(0, -1, anchored=True)

_STEPS = "; move; motion; movement; step; command; action; instruction; one; one again"


def _each(verbs: str, which: str, what: str) -> str:
    """Return every combination of the alternatives, with and without an article."""
    return "; ".join(
        " ".join(f"{verb} {article} {kind} {noun}".split())
        for verb in verbs.split("; ")
        for article in ("", "the", "your", "my", "that")
        for kind in which.split("; ")
        for noun in what.split("; ")
    )


CONTROLS = {
    "pause": "pause; paused; pausing; wait; hold; hold on; hold up; hang on; hang on a second; hold position; hold still; stay; "
    "stay still; stay there; stay put; stay where you are; stand by; standby; one moment; one second; one sec; "
    "just a second; just a sec; just a moment; give me a second; give me a sec; give me a moment; wait a second; "
    "wait a sec; wait a moment; wait a minute; hold your position; remain still; keep still; time out; timeout",
    "resume": "resume; continue; continue moving; continue going; keep moving; go on moving; keep on moving; start moving again; continue on; go on; carry on; keep going; proceed; unpause; go ahead; keep on; "
    "keep on going; carry on with it; go on with it; pick up where you left off; continue the motion; "
    "continue your motion; continue the task; continue with the task; resume the task; resume the motion; "
    "resume your motion; resume motion; resume operation; continue with that; keep it going; back to work",
    "undo": "undo; revert; oops; whoops; oopsie; whoopsie; undo it; undo that; undo this; undo last; take that back; "
    "take it back; revert that; revert it; reverse that; reverse it; reverse the last; scratch that; undo the last; "
    "undo your last; undo my last; revert the last; reverse last; revert last; ctrl z; control z; rollback; roll back; "
    "roll that back; go back to before; go back to where you were; back to where you were; return to where you were; "
    "go back to where it was; back to where it was; go back where you were; go back to the previous; "
    "return to the previous; back to the previous; go back one; my mistake; go back to how it was; "
    "put it back the way it was; cancel the last; undo what you did; undo what you just did; undo everything you just did; "
    + _each("undo; revert; reverse; cancel; take back; undo that; take back that", "last; previous", _STEPS),
    "again": "again; repeat; repeat that; repeat it; repeat this; repeat the last; repeat last; repeat your last; "
    "once more; once again; one more time; one more; another one; another time; do it again; do that again; do this again; do the same; "
    "do the same thing; do the same again; do that once more; do it once more; do it one more time; "
    "do that one more time; same again; the same; same; the same again; the same thing again; same thing; same thing again; encore; "
    "and again; one more of those; another one of those; "
    + _each("repeat; do; redo; again; repeat that", "last; previous; same", _STEPS + "; thing"),
    "home": "home; homing; go home; home yourself; go to home; go back home; return home; move home; come home; "
    "home position; home pose; homepose; rest pose; rest position; resting position; resting pose; start position; "
    "start pose; starting position; starting pose; starting point; initial position; initial pose; back to start; "
    "back to the start; go back to start; go back to the start; return to start; return to the start; go to start; "
    "go to the start; back to your start; back to base position; neutral position; neutral pose; default position; "
    "default pose; original position; original pose; home base; park position; ready position; ready pose; "
    "back to the beginning; go back to the beginning; return to base; back home",
    "done": "done; finished; finish; complete; completed; that is it; that is all; all done; all finished; all set; "
    "we are done; i am done; you are done; it is done; that is done; we are finished; i am finished; you are finished; "
    "it is finished; task done; task complete; task completed; task finished; task accomplished; job done; job complete; "
    "mission accomplished; mission complete; task is done; task is complete; task is completed; task is finished; "
    "the end; end episode; end of episode; end of task; end the episode; end the task; finish the task; finish the episode; "
    "complete the task; the task has been completed; episode done; episode complete; episode finished; "
    "episode is done; episode is finished; episode is over; task is over; finish up; nothing more; job is done; "
    "it is complete; that is complete; we are all done; i am all done; done with the task; done with this; finished with the task; "
    "finished the task; you did it; mark as done; mark it as done; goal reached",
    "start over": "start over; restart; reset; from the beginning; from scratch; from the start; from the top; begin again; "
    "start from the beginning; start from scratch; start from the top; start again from the beginning; "
    "start again from scratch; restart from the beginning; restart the task; restart the episode; reset the episode; reset the task; "
    "reset everything; start all over; start all over again; start over again; start over from the beginning; "
    "start over from scratch; begin over; begin from the beginning; try again from the beginning; try again from the start; "
    "do over; start a new episode; start afresh; start fresh; start anew; redo the whole thing; back to square one; "
    "redo from the beginning; take it from the top; let us start over; reset yourself; reset episode; restart episode",
}
"""Every control, "stop" aside, which has a file of its own, with the phrases that mean it."""

_PHRASES: list[tuple[Entry, str]] = [
    (Entry(Kind.DIRECTION, LEFT), "left; leftward; leftwards; left side; left hand side; lefthand side; leftmost side"),
    (Entry(Kind.DIRECTION, RIGHT), "right; rightward; rightwards; right side; right hand side; righthand side"),
    (Entry(Kind.DIRECTION, Direction(1, 1, anchored=True)), "your left; your left side; your left hand side; robot 's left"),
    (Entry(Kind.DIRECTION, Direction(1, -1, anchored=True)), "your right; your right side; your right hand side; robot 's right"),
    (Entry(Kind.DIRECTION, UP), "up; upward; upwards; higher; higher up; higher position; higher level; up higher; skyward; plus z; positive z; z plus; z up"),
    (Entry(Kind.DIRECTION, DOWN), "down; downward; downwards; lower position; lower level; down lower; minus z; negative z; z minus; z down"),
    (Entry(Kind.DIRECTION, FORWARD), "forward; forwards; ahead; straight ahead; front; frontward; frontwards; onward; onwards; forth; fwd"),
    (Entry(Kind.DIRECTION, BACK), "back; backward; backwards; rear; rearward; rearwards; behind; bwd; back side; backside"),
    (
        Entry(Kind.DIRECTION, OUTWARD),
        "away; further away; farther away; away from you; away from yourself; away from the base; away from your base; "
        "away from the robot; away from the robot base; away from the robot 's base; away from base; away from robot; "
        "away from itself; away from your body; outward; outwards; plus x; positive x; x plus",
    ),
    (
        Entry(Kind.DIRECTION, INWARD),
        "inward; inwards; minus x; negative x; x minus; "
        + "; ".join(
            f"{how} {where}"
            for how in ("toward", "towards", "closer to", "closer toward", "closer towards", "nearer to", "nearer", "closer in to")
            for where in (
                "you",
                "yourself",
                "the base",
                "your base",
                "base",
                "the robot",
                "robot",
                "the robot base",
                "the robot 's base",
                "robot base",
                "itself",
                "your body",
                "the body",
            )
        ),
    ),
    (Entry(Kind.DIRECTION, FORWARD), "away from me; away from us; further from me; farther from me"),
    (Entry(Kind.DIRECTION, BACK), "toward me; towards me; closer to me; nearer to me; nearer me; to me; toward us; towards us; closer towards me; closer toward me"),
    (Entry(Kind.DIRECTION, Direction(1, 1, anchored=True)), "plus y; positive y; y plus"),
    (Entry(Kind.DIRECTION, Direction(1, -1, anchored=True)), "minus y; negative y; y minus"),
    (Entry(Kind.SENSE, 1), "clockwise; clock wise; cw; clockwisely"),
    (Entry(Kind.SENSE, -1), "counterclockwise; anticlockwise; ccw; counter clock wise; acw; anti clockwise; counter clockwise; widdershins"),
    (
        Entry(Kind.MOVE, Move()),
        "move; moving; go; going; shift; shifting; slide; sliding; translate; translating; travel; traveling; travelling; "
        "displace; displacing; head; heading; scoot; scooting; scooch; jog; jogging; bring; bringing; drive; driving; send; sending; "
        "step; stepping; slew; come; coming; carry; drift; relocate; reposition; transport; "
        "return; returning; keep; get; getting; take; draw; drawing; glide; guide",
    ),
    (Entry(Kind.MOVE, Move(level=Level.SMALL)), "nudge; nudging; bump; bumping; a nudge; nudged"),
    (Entry(Kind.MOVE, Move(OUTWARD)), "push; pushing; extend; extending; stretch; stretching; reach; reaching; thrust; shove; press"),
    (Entry(Kind.MOVE, Move(OUTWARD, strict=True)), "advance; advancing"),
    (Entry(Kind.MOVE, Move(INWARD)), "pull; pulling; haul; tug; drag; dragging; yank"),
    (Entry(Kind.MOVE, Move(INWARD, strict=True)), "retract; retracting; retreat; retreating; withdraw; withdrawing; back off; back away; back out; backing off; backing away"),
    (
        Entry(Kind.MOVE, Move(UP, strict=True)),
        "raise; raising; lift; lifting; elevate; elevating; rise; rising; ascend; ascending; hoist; hoisting; climb; climbing; "
        "heighten; raise up; lift up; rise up; uplift; lift off; raised",
    ),
    (
        Entry(Kind.MOVE, Move(DOWN, strict=True)),
        "lower; lowering; descend; descending; sink; sinking; drop down; dip; dipping; dip down; lower down; dropping; lowered; let down",
    ),
    (Entry(Kind.ROTATE, Turn.ROLL), "roll; rolling"),
    (Entry(Kind.ROTATE, Turn.TILT), "tilt; tilting; pitch; pitching; tip; tipping; angle; angling; incline; inclining"),
    (Entry(Kind.ROTATE, Turn.YAW), "yaw; yawing"),
    (
        Entry(Kind.ROTATE, Turn.SPIN),
        "rotate; rotating; turn; turning; twist; twisting; spin; spinning; swivel; swiveling; swivelling; pivot; pivoting",
    ),
    (Entry(Kind.OPEN), "open; opening; open up; open your grip; open the grip; open grip; opened; opening up; unclench; spread; spread apart; spread open; unclose; widen; reopen"),
    (Entry(Kind.CLOSE), "close; closing; close up; close your grip; close the grip; close grip; tighten your grip; tighten the grip; tighten; closed; shut; shutting; clench; close shut; close down; clamp shut; squeeze shut; snap shut; reclose"),
    (
        Entry(Kind.GRAB),
        "grab; grabbing; grab hold of; grasp; grasping; grip; gripping; pinch; pinching; clamp; clamping; clamp down; clamp down on; clasp; clutch; squeeze; squeezing; seize; "
        "grab on; grab onto; grab on to; grip on; grip onto; hold it; hold that; hold this; hold onto; hold on to; hold tight; hold firmly; "
        "take hold of; get hold of; get a grip on; get a grip; get a hold of; take hold; catch; snatch; "
        "latch; latch onto; latch on; hold the object; hold the block; hold the cube; hold the thing; close on; close down on; close around",
    ),
    (
        Entry(Kind.RELEASE),
        "release; releasing; let go; let go of; letting go; let it go; let that go; let loose; unclamp; ungrip; ungrasp; unhand; "
        "let the object go; let the block go; let the cube go; let the thing go; unpinch; unclasp; unlatch; free; "
        "release your grip; release the grip; release your grip on; release your hold; relax your grip; release grip",
    ),
    (Entry(Kind.DROP), "drop"),
    (Entry(Kind.NOUN, Body.ARM), "arm; robot; robot arm; robotic arm; yourself; robot 's arm; manipulator; whole arm; entire arm; robo; bot; ur5; ur5e"),
    (
        Entry(Kind.NOUN, Body.GRIPPER),
        "gripper; grippers; hand; hands; claw; claws; fingers; finger; jaw; jaws; wrist; tool; end effector; endeffector; effector; tcp; "
        "tool head; tool tip; tip of the tool; fist; gripper fingers; gripper jaws; robot 's hand; robot 's gripper; fingertips; pincers; pincer; "
        "wrist joint; last joint; last wrist joint; grasper; gripper head; tongs; robot hand; robot gripper; flange; eef; "
        "wrist 3; wrist three; joint 6; joint six; sixth joint; end of the arm; tip of the arm; tip; robot wrist; pinchers",
    ),
    (Entry(Kind.NOUN, Body.IT), "it; that; this; them; everything; that thing; this thing"),
    (
        Entry(Kind.NOUN, Body.OBJECT),
        "object; block; cube; item; thing; piece; part; cup; mug; ball; box; bottle; brick; pen; marker; toy; payload; "
        "workpiece; bowl; plate; apple; banana; sponge; tape; screwdriver; spoon; fork; stuff; load; package; door; drawer; lid; cover; stamp; dice; die; peg",
    ),
    (Entry(Kind.FULL), "fully; completely; all the way; entirely; wide; totally; as wide as possible; as far as it goes; as much as possible; as wide as you can; tight; tightly; firmly; maximum; to the max; the whole way; maximally; as far as possible; as far as you can"),
    (Entry(Kind.MORE), "more; further; farther; extra; additional; additionally; some more; any further; another"),
    (Entry(Kind.OUT), "out"),
    (Entry(Kind.JOIN), "and; ,; plus; as well as; along with; and also; also; and now; as well; combined with; together with"),
    (
        Entry(Kind.THEN),
        "then; and then; ;; :; .; !; next; after that; and after that; afterwards; afterward; followed by; and next; and finally; finally; lastly; "
        "subsequently; and afterwards; once that is done; once done; when done; after which; and last; thereafter; after; and after; and lastly; and subsequently",
    ),
    (Entry(Kind.QUESTION), "?"),
    (Entry(Kind.PRONOUN), "i; you; we; they; he; she"),
    (Entry(Kind.NEGATION), "not; never; no longer; without; neither; nor; avoid; refrain; nonstop; hardly"),
    (
        Entry(Kind.INTERJECTION),
        "no; nope; nah; actually; sorry; i mean; i meant; rather; instead; no wait; wait no; no no; no no no; oh; oh no; well; "
        "or rather; make that; not quite; ah; argh; ugh; no sorry; sorry no; no actually; what i meant was; i said; correction; hmm no; oh wait; "
        "i would rather; nono; wait wait",
    ),
    (
        Entry(Kind.REQUEST),
        "can you; could you; would you; will you; can we; could we; would you mind; do you mind; can i have you; could i have you; can i ask you to; "
        "could i ask you to; can i get you to; could i get you to; would you be so kind as to; would you be able to; are you able to; would it be possible to; "
        "is it possible to; would you kindly; can the robot; could the robot; can the arm; could the arm; may i ask you to; will the robot; would you like to",
    ),
    (
        Entry(Kind.FILLER),
        "please; pls; plz; please do; kindly; just; now; right now; right away; simply; only; okay; ok; okey; okay so; alright; all right; right then; "
        "all righty; so; uh; uhh; um; umm; er; erm; hmm; hm; mm hmm; hey; hi; hello; yo; dude; buddy; mate; man; friend; pal; sir; "
        "robot please; dear robot; dear; yes; yeah; yep; yup; sure; great; good; nice; cool; perfect; fine; thanks; thank you; thank you very much; thanks a lot; "
        "many thanks; thank you so much; cheers; very good; good job; well done; for me; if you can; if you could; if possible; if you please; if you would; if you do not mind; "
        "if you would not mind; when you can; when you are ready; whenever you are ready; the; a; an; to; by; of; at; in; for; with; over; around; about; roughly; approximately; "
        "approx; circa; like; maybe; perhaps; kinda; kind of; sort of; sorta; basically; exactly; precisely; straight; directly; "
        "direction; directions; side; some; your; its; 's; slowly; carefully; gently; smoothly; steadily; quickly; fast; "
        "rapidly; softly; swiftly; nice and slow; nice and easy; nice and slowly; nice and gently; slow and steady; quick; immediately; at once; asap; as soon as possible; at this point; this time; next time; "
        "i want; i want you to; i want to; i need; i need you to; i would like; i would like you to; i would like to; i think; i guess; i suggest; "
        "want; want you to; need; need you to; would like; we need to; we should; we want to; we have to; you should; you need to; you have to; you must; "
        "you can; you could; you may; you will; you might want to; you got to; it should; it needs to; it has to; needs to; i wish; let us; let me; let me see; let us try; let us see; "
        "let us go; let us go ahead and; go ahead and; go and; go ahead; come on; try; try to; trying; start; start to; begin; begin to; starting; "
        "make; make it; have; have it; have the robot; cause; tell; tell it to; tell the robot to; get the robot to; get the arm to; get it to; give me; "
        "allow; perform; execute; do; do a; command; instruct; ask; ask it to; ask the robot to; the motion; motion; movement; "
        "toward; towards; along; into; onto; the way; way to; over to; on over; over here; yet; still; again please; but only; but just; it is time to; time to; "
        "be so kind; be so kind as to; so that; hence; therefore; thus; both; first; firstly; first of all; second; secondly; to begin with; to start with; "
        "second of all; you know; you see; of course; obviously; gradually; bit by bit; little by little; very carefully; "
        "very slowly; very gently; more slowly; really slowly; super slowly; quite slowly; super carefully; really carefully; "
        "from here; from where you are; where you are; from your current position; from the current position; current position; "
        "from its current position; from this position; what i want is; my friend",
    ),
]

_LARGE = (
    "lot; lots; whole lot; bunch; whole bunch; ton; tons; loads; heaps; far; far over; way; way over; much; so much; significantly; considerably; substantially; "
    "extensively; greatly; largely; massively; heavily; majorly; strongly; deeply; hugely; immensely; vastly; enormously; drastically; quite a bit; quite a lot; "
    "quite a way; quite a ways; quite far; quite some way; quite some distance; quite a distance; good bit; good bit more; fair bit; fair amount; fair distance; fair way; fair few; "
    "good way; good ways; good amount; good distance; good chunk; good deal; great deal; great length; great way; great extent; good long way; long way; long ways; long distance; ways; large extent; "
    "big step; giant step; big chunk; decent amount; decent bit; decent distance; big time; considerable range; to a great degree; by far; way way; a mile; miles; large scale; notably; big bit; wide range; sizeable amount; "
    "lots and lots; markedly; noticeably; dramatically; extremely far; plenty; a great many"
)
_SMALL = (
    "bit; bits; little; slightly; tad; touch; smidge; smidgen; smidgeon; somewhat; notch; pinch; little bit; small bit; wee bit; tad bit; little tad; little touch; small touch; "
    "lightly; skosh; scooch; few; mite; little something; a bit of a; slight bit; modestly; marginally; mildly; small nudge; little nudge; just a little; small step; "
    "little step; baby step; sliver; a dash; dab; small fraction; small extent; small degree; slight degree; short range; small range; trifle; little ways; short ways; jot; shade; small way"
)
_TINY = (
    "hair; hairs; whisker; smallest; slightest; tiniest; barest; barely; minimally; minutely; teeny; tiny; teensy; minuscule; miniscule; tiny bit; teeny bit; teensy bit; teeny tiny; teeny tiny bit; "
    "itty bitty; itty bitty bit; teeny weeny; weeny bit; ever so slightly; ever so gently; ever so lightly; ever so little; ever very slightly; hair 's breadth; hairs breadth; hairbreadth; hair breadth; "
    "slightest bit; tiniest bit; smallest bit; tiny tad; tiny little; tiny little bit; teeny little bit; little tiny bit; tiny touch; tiny smidge; tiny nudge; smallest step; tiny step; little hair; "
    "infinitesimally; microscopically; just barely; tiny wee bit; small tiny bit; super tiny; very tiny; tinily; bare minimum; minimum amount; microscopic amount; fraction; tiny fraction; wee tiny bit; "
    "smidgen tiny; eensy bit; smallest degree; slightest degree; itsy bitsy bit; itsy bitsy; micro step; crumb; titch; scintilla; just a hair"
)
_ADJECTIVES = {
    Level.LARGE: "large big great huge long significant considerable substantial sizable sizeable massive generous hefty "
    "enormous gigantic major vast",
    Level.SMALL: "small little short slight minor modest wee smallish",
    Level.TINY: "tiny minuscule miniscule minute smallest slightest tiniest barest minimal teeny teensy infinitesimal least",
}
_MEASURES = "amount distance way margin movement motion length step degree extent fraction portion range increment shift move span"

_PHRASES += [
    (Entry(Kind.LEVEL, Level.LARGE), _LARGE),
    (Entry(Kind.LEVEL, Level.SMALL), _SMALL),
    (Entry(Kind.LEVEL, Level.TINY), _TINY),
    (Entry(Kind.LEVEL, Level.MEDIUM), "medium amount; moderate amount; moderate distance; moderately; normal amount; default amount; medium distance; normal distance"),
    (Entry(Kind.INTENSIFIER), "very; really; super; extremely; so very; ever so; awfully; incredibly; truly; especially; ultra"),
    *((Entry(Kind.CONTROL, control), phrases) for control, phrases in CONTROLS.items()),
]


def _table() -> dict[tuple[str, ...], Entry]:
    table: dict[tuple[str, ...], Entry] = {}
    for level, adjectives in _ADJECTIVES.items():
        for adjective in adjectives.split():
            table |= {(adjective, measure): Entry(Kind.LEVEL, level) for measure in _MEASURES.split()}
    for entry, phrases in _PHRASES:
        for phrase in phrases.split("; ") if phrases != ";" else [phrases]:
            table.setdefault(tuple(phrase.split()), entry)
    table[(";",)] = table[("then",)]
    return table


LEXICON = _table()
LONGEST = max(map(len, LEXICON))
WORDS = frozenset(word for phrase in LEXICON for word in phrase if word.isalpha())
