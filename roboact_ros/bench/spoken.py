"""Sentences that espeak-ng says to measure speech recognition: commands, and what people say that is no command.

The commands are written here and know nothing of the recogniser's grammar: the 58 primitives as they are called, and
everyday ways to say motions and controls.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence

import numpy as np

from roboact_ros.errors import RoboactError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.speech.audio import Audio
from roboact_ros.speech.wav import wav_from_bytes

VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb-scotland")
"""The acoustic model was not adapted to them, but to others of their accents; thresholds were chosen on them."""
SPEEDS = ((140, 175),)
"""Within the speeds that the model was adapted to [words per minute]."""
HELD_OUT_VOICES = ("en-us+adam", "en-gb+Annie", "en-us+edward", "en-gb-scotland+paul")
"""Nothing was adapted to them or chosen on them."""
HELD_OUT_SPEEDS = ((110, 124), (186, 200))
"""Slower and faster than anything that the model was adapted to [words per minute]."""

_PAUSE = 4800
"""Silence before and after each sentence [samples]."""

_EVERYDAY = (
    "move left a lot; move right a bit; go up a tiny bit; go down slightly; move forward a little; go back a little "
    "bit; lift the arm up a lot; please move right; can you go left seven centimeters; move up three centimeters; go "
    "down two inches; move twelve centimeters to the right; move backward twenty five millimeters; move left and then "
    "up; go forward ten centimeters then down five centimeters; turn the gripper clockwise a bit; tilt the arm up a "
    "little; roll the arm counterclockwise; yaw the arm clockwise thirty degrees; rotate the wrist sixty degrees "
    "clockwise; stop; halt; pause; wait; resume; continue; undo that; undo the last move; go home; do that again; once "
    "more; that is it; done; start over; grab the block; grasp the cube; let go; release the object; open the gripper "
    "halfway; close the hand please; push forward a bit; pull back three centimeters; shift to the right slightly; "
    "lower the arm a tiny bit; move the arm up a lot; raise the arm by eight centimeters; lower it slightly; left; "
    "forward; to the right"
)
_PARTS = (
    ("move left", "go to the right", "move the arm forward", "go back", "raise the arm", "lower the gripper"),
    (
        "six centimeters",
        "fifteen centimeters",
        "forty millimeters",
        "three inches",
        "a little bit",
        "slightly",
        "a lot",
    ),
    ("tilt down", "roll clockwise", "rotate the gripper counterclockwise", "turn the hand clockwise", "yaw clockwise"),
    ("ten degrees", "thirty five degrees", "a bit", "very slightly", "ninety degrees", "sixty degrees"),
)

OTHER = (
    "hello how are you today; what is the weather like in london; i think we should have lunch now; the meeting starts "
    "at four o'clock; did you see the game last night; please call me back tomorrow morning; my name is robert and i "
    "live here; there are seven people in the room; the left hand side of the page is empty; can somebody pass me the "
    "screwdriver; this robot is really slow; we need to order more parts next week; turn on the lights in the kitchen; "
    "close the door when you leave; open the window it is hot in here; it was about ten degrees outside; he lifted "
    "weights for an hour; one two three four five six; where is the coffee machine; let me know when you are finished; "
    "that was a really good idea; the quick brown fox jumps over the lazy dog; put the red block into the bowl; pick "
    "up the banana; why did it move like that; i will be right back; go ahead and tell him; what time is it; thank you "
    "very much; play some music; set a timer for ten minutes; the price went up a lot; it has been raining for two "
    "weeks; good morning everybody; we can talk about that later; do you want some tea; nobody knows what happened; "
    "the train leaves from platform nine; she turned around and left; hand me the wrist watch; no; do not move left; "
    "don't go up; never open the gripper; i moved it to the left yesterday; did it move to the right; we moved the "
    "table ten centimeters; is the gripper open; why is the arm going down; she went home at five; turn left at the "
    "next street; rotate the picture on the wall; open the bottle please; raise your hand if you agree; lower the "
    "volume; push the button on the wall; pull the door; a little bit of sugar; wait for me at the station; undo your "
    "seat belt; testing one two three; grab a coffee; drop me a line; move over; more or less; down by the river"
)


def commands(count: int) -> list[str]:
    """Return ``count`` different commands; equal for equal counts."""
    chance = random.Random(0)
    moves, lengths, turns, angles = _PARTS
    made = [f"{move} {far}" for move in moves for far in lengths] + [
        f"{turn} {far}" for turn in turns for far in angles
    ]
    made += [f"{first} then {second}" for first in moves for second in moves if first.split()[-1] != second.split()[-1]]
    chance.shuffle(made)
    # "forty" is how everybody but the vocabulary spells it; a voice reads both alike, but not every one.
    named = [motion.phrase.replace("fourty", "forty") for motion in PRIMITIVES]
    chosen = list(dict.fromkeys([*named, *_EVERYDAY.split("; "), *made]))[:count]
    chance.shuffle(chosen)
    return chosen


def spoken(text: str, voice: str, chance: random.Random, speeds: Sequence[tuple[int, int]] = SPEEDS) -> Audio:
    """Return a sentence as espeak-ng says it, at a random one of several ranges of speeds and at a random pitch.

    Raises:
        RoboactError: espeak-ng is not installed, or does not know the voice.
    """
    speed, pitch = chance.randint(*chance.choice(speeds)), chance.randint(40, 60)
    try:
        done = subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text], capture_output=True
        )
    except FileNotFoundError:
        raise RoboactError("espeak-ng is not installed (on Debian: apt-get install espeak-ng)") from None
    if done.returncode:
        raise RoboactError(f'espeak-ng cannot say "{text}" with voice "{voice}": {done.stderr.decode().strip()}')
    return Audio(np.pad(wav_from_bytes(done.stdout).samples, _PAUSE))


def noisy(audio: Audio, decibels: float, seed: int) -> Audio:
    """Return ``audio`` with white noise, ``decibels`` below the speech in power."""
    sound = audio.samples.astype(np.float64)
    power = (sound[np.flatnonzero(sound)[0] : np.flatnonzero(sound)[-1]] ** 2).mean()
    noise = np.random.default_rng(seed).normal(scale=np.sqrt(power / 10 ** (decibels / 10)), size=len(sound))
    return Audio(np.clip(np.rint(sound + noise), -32768, 32767).astype(np.int16))
