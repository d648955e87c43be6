"""Words for what the gripper does, and for the things that are moved, turned, opened or held."""

from __future__ import annotations

from roboact_ros.language.meanings import Body, Entry, Kind

PHRASES = [
    (
        Entry(Kind.OPEN),
        """
        open; opening; open up; open your grip; open the grip; open grip; opened; opening up; unclench; spread; spread
        apart; spread open; unclose; widen; reopen
        """,
    ),
    (
        Entry(Kind.CLOSE),
        """
        close; closing; close up; close your grip; close the grip; close grip; tighten your grip; tighten the grip;
        tighten; closed; shut; shutting; clench; close shut; close down; clamp shut; squeeze shut; snap shut; reclose
        """,
    ),
    (
        Entry(Kind.GRAB),
        """
        grab; grabbing; grab hold of; grasp; grasping; grip; gripping; pinch; pinching; clamp; clamping; clamp down;
        clamp down on; clasp; clutch; squeeze; squeezing; seize; grab on; grab onto; grab on to; grip on; grip onto;
        hold it; hold that; hold this; hold onto; hold on to; hold tight; hold firmly; take hold of; get hold of; get a
        grip on; get a grip; get a hold of; take hold; catch; snatch; latch; latch onto; latch on; hold the object;
        hold the block; hold the cube; hold the thing; close on; close down on; close around
        """,
    ),
    (
        Entry(Kind.RELEASE),
        """
        release; releasing; let go; let go of; letting go; let it go; let that go; let loose; unclamp; ungrip; ungrasp;
        unhand; let the object go; let the block go; let the cube go; let the thing go; unpinch; unclasp; unlatch;
        free; release your grip; release the grip; release your grip on; release your hold; relax your grip; release
        grip
        """,
    ),
    (Entry(Kind.DROP), "drop"),
    (
        Entry(Kind.NOUN, Body.ARM),
        """
        arm; robot; robot arm; robotic arm; yourself; robot 's arm; manipulator; whole arm; entire arm; robo; bot; ur5;
        ur5e
        """,
    ),
    (
        Entry(Kind.NOUN, Body.GRIPPER),
        """
        gripper; grippers; hand; hands; claw; claws; fingers; finger; jaw; jaws; wrist; tool; end effector;
        endeffector; effector; tcp; tool head; tool tip; tip of the tool; fist; gripper fingers; gripper jaws; robot 's
        hand; robot 's gripper; fingertips; pincers; pincer; wrist joint; last joint; last wrist joint; grasper;
        gripper head; tongs; robot hand; robot gripper; flange; eef; wrist 3; wrist three; joint 6; joint six; sixth
        joint; end of the arm; tip of the arm; tip; robot wrist; pinchers
        """,
    ),
    (Entry(Kind.NOUN, Body.IT), "it; that; this; them; everything; that thing; this thing"),
    (
        Entry(Kind.NOUN, Body.OBJECT),
        """
        object; block; cube; item; thing; piece; part; cup; mug; ball; box; bottle; brick; pen; marker; toy; payload;
        workpiece; bowl; plate; apple; banana; sponge; tape; screwdriver; spoon; fork; stuff; load; package; door;
        drawer; lid; cover; stamp; dice; die; peg
        """,
    ),
    (
        Entry(Kind.FULL),
        """
        fully; completely; all the way; entirely; wide; totally; as wide as possible; as far as it goes; as much as
        possible; as wide as you can; tight; tightly; firmly; maximum; to the max; the whole way; maximally; as far as
        possible; as far as you can
        """,
    ),
]
