"""Slips that are too short to be measured, and spellings of text messages."""

from __future__ import annotations

_SPELLINGS = """
    the: teh hte th tha da
    to: ot ti
    and: adn nad n nd
    then: tehn
    left: lft lef lfet
    right: rgt rht
    down: dn dwn
    back: bck bak
    forward: fwds
    move: mv mov
    open: opn
    close: cls
    grab: grb
    stop: stp sop stoop srop
    bit: bti btit
    little: litle lil alil
    you: u ya
    your: ur yer
    because: cuz
    thanks: thx ty
    ok: k kk
    sorry: srry
    please: pleas plese
    arm: arn amr rm
    way: wy
    about: abt
    now: rn
    just: jsut
    ccw: ccl
    """

SHORTHAND = {
    slip: word.strip()
    for word, _, slips in (line.partition(":") for line in _SPELLINGS.splitlines())
    for slip in slips.split()
}
