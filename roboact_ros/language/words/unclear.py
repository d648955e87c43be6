"""Phrases that sound like a command and leave out what it needs, each with what to ask."""

from __future__ import annotations

from roboact_ros.language.meanings import Entry, Kind
from roboact_ros.language.words.combined import combined

PHRASES = [
    (
        Entry(Kind.UNCLEAR, 'I measure in millimeters, centimeters, meters, inches, feet or yards. How far is "{}"?'),
        """
        nanometer; nanometers; nanometre; nanometres; decameter; decameters; decametre; decametres; dekameter;
        dekameters; dekametre; dekametres; hectometer; hectometers; hectometre; hectometres; kilometer; kilometers;
        kilometre; kilometres; nm; dam; hm; km; kms; mile; nautical mile; nautical miles
        """,
    ),
    (Entry(Kind.UNCLEAR, 'I cannot wait for anything ("{}"). What should I do now?'), "next time"),
    (
        Entry(Kind.UNCLEAR, '"{}": is "right" a direction? If so, say "to the right".'),
        "the right way; " + combined("do; make; get", "it; that; this", "right; the right way"),
    ),
    (Entry(Kind.UNCLEAR, '"{}": close the gripper, or come closer? From which side?'), "close in; closing in"),
]
