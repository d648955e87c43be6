"""What people say to the arm, as rules with weights: the part of the language room that can be told apart by ear.

The parser understands far more; a recogniser that may hear fewer sentences hears those better. Sides, amounts, angles
and numbers come from the vocabulary. ``/3/`` is the weight of an alternative (1 when not given), ``[…]`` may be left
out. What is short is a sentence of its own: after "and" or "then" it would be heard in many a noise. What sounds like
"no" or "halt" is no sentence at all: "lower" and "home" alone.
"""

from __future__ import annotations

from roboact_ros.language.numbers import ONES, TENS
from roboact_ros.language.vocabulary import CLOSE, OPEN, ROTATION_AXES, TEMPLATES


def _words(numbers: dict[str, int], least: int, most: int) -> str:
    return "|".join(word for word, value in numbers.items() if least <= value <= most and word != "fourty")


def _canonical(rotations: bool) -> str:
    slot = "(<angle>|<level>)" if rotations else "(<length>|<level>)"
    kinds = [pair for axis, pair in enumerate(TEMPLATES) if (axis in ROTATION_AXES) == rotations]
    return "|".join(template.format(slot) for pair in kinds for template in pair)


RULES = f"""
<digit> = {_words(ONES, 1, 9)};
<teen> = {_words(ONES, 10, 19)};
<tens> = {_words(TENS, 20, 90)};
<number> = /4/ <digit> | /3/ <teen> | /3/ <tens> | <tens> <digit>;
<length> = /20/ <number> <lengths> | /2/ <digit> point five <lengths> | <digit> and a half <lengths>
    | /0.4/ (one|a) (centimeter|millimeter) | /0.2/ (one|an) inch | /0.1/ half (a centimeter|an inch);
<lengths> = /8/ centimeters | /2/ millimeters | inches;
<angle> = /6/ <number> degrees | a hundred [and <tens>] degrees | /0.3/ one degree;
<level> = /4/ a bit | /2/ a little | /2/ a little bit | /3/ slightly | /3/ a lot | a tiny bit | /1.5/ very slightly
    | /0.5/ quite a bit | /0.5/ just a little | /0.3/ a tad | /0.3/ a touch;
<far> = /3/ <length> | by <length> | /2/ <level>;
<turned> = /3/ <angle> | by <angle> | /2/ <level>;

<direction> = /4/ (left|right) | /4/ to the (left|right) | /3/ up | /3/ down | /0.3/ (upward|downward) | /3/ forward
    | /0.5/ forwards | backward | backwards | /2/ back | /0.3/ away from me | /0.3/ towards me;
<body> = /4/ the arm | the robot | the gripper | it | /0.3/ your arm;
<go> = (/5/ move | /3/ go | /0.5/ shift | /0.3/ slide) [<body>];
<displacement> = /3/ <go> <direction> [<far>] | <go> (<length>|<level>) <direction> | /0.5/ <direction> [<far>]
    | /0.7/ (raise|lift) <body> [up] [<far>] | /0.7/ lower <body> [<far>]
    | /0.2/ (push|pull) <body> [forward|back] [<far>] | /0.2/ (extend|retract) the arm [<far>]
    | /3/ ({_canonical(False)});
<short> = <level> <direction> | (raise|lift) (up [<far>] | <far>) | lower <far>
    | /0.3/ (push|pull) (<far> | (forward|back) [<far>]) | /0.1/ (extend|retract) <far>;

<sense> = clockwise | counterclockwise | /0.2/ anticlockwise;
<around> = <turned> <sense> | <sense> [<turned>];
<tipped> = <turned> (up|down) | /2/ (up|down) [<turned>];
<turning> = (roll|yaw) [[the] arm] <around> | (tilt | /0.2/ pitch) [[the] arm] <tipped>
    | (/3/ rotate | /2/ turn | /0.3/ twist | /0.3/ spin) (the gripper | /0.3/ the hand | /0.3/ the wrist) <around>
    | ({_canonical(True)});

<held> = it | /0.5/ the block | /0.5/ the cube | /0.5/ the object;
<gripping> = /2/ ({OPEN} | {CLOSE}) [/0.3/ halfway | /0.2/ <number> percent | /0.2/ fully]
    | /0.3/ (open|close) (the hand | your hand) | /0.4/ (grab|grasp) <held> | /0.3/ (release|drop) <held>
    | /0.2/ let go | /0.2/ let it go;

<motion> = /6/ <displacement> | /3/ <turning> | /2/ <gripping>;
<control> = /4/ stop | /0.5/ stop it | /0.5/ stop now | halt | /0.5/ freeze | /0.5/ do not move
    | pause | wait | hold on | resume | continue | /0.5/ go on | /0.3/ carry on | /0.5/ keep going
    | undo | undo that | /0.5/ undo the last move | /0.5/ take that back | /0.5/ go back to where you were
    | again | once more | do that again | /0.5/ do it again | /0.5/ repeat that | a bit more | /0.3/ a little more
    | go home | /0.3/ return home | /0.3/ go to the home position
    | done | /0.3/ we are done | /0.3/ i am done | /0.3/ finished | /0.3/ that is it | /0.3/ task complete
    | start over | /0.3/ restart | /0.3/ from the beginning;
<asked> = please | could you | can you | /0.5/ now | /0.5/ okay | /0.5/ could you please | /0.5/ would you;
<sentence> = /20/ <motion> | /1.5/ <short> | /5/ <control> | /1.5/ <asked> <motion> | <motion> please
    | /0.3/ <control> please | /0.2/ <asked> <control> | <motion> (and | then | and then) <motion>;
"""
"""Every rule; ``sentence`` is the one that a whole utterance follows."""
