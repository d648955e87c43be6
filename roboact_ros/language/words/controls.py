"""Phrases for every control but "stop", which has rules of its own."""

from __future__ import annotations

from roboact_ros.language.words.combined import combined

_STEPS = "move; motion; movement; step; command; action; instruction; thing; one; one again"
_LAST = "last; the last; your last; my last; that last; previous; the previous; same; the same"
_UNDO = "undo; revert; reverse; cancel; take back; undo that; take back that"
_REPEAT = "repeat; do; redo; again; repeat that"

CONTROLS = {
    "pause": """
        pause; paused; pausing; wait; hold; hold on; hold up; hang on; hang on a second; hang on a sec; hold on a sec;
        hold on a second; hang on a moment; hold position; hold still; stay; stay still; stay there; stay put; stay
        where you are; stand by; standby; one moment; one second; one sec; just a second; just a sec; just a moment;
        give me a second; give me a sec; give me a moment; wait a second; wait a sec; wait a moment; wait a minute;
        hold your position; remain still; keep still; time out; timeout
        """,
    "resume": """
        resume; continue; continue moving; continue going; keep moving; go on moving; keep on moving; start moving
        again; continue on; go on; carry on; keep going; proceed; unpause; go ahead; keep on; keep on going; carry on
        with it; go on with it; pick up where you left off; continue the motion; continue your motion; continue the
        task; continue with the task; resume the task; resume the motion; resume your motion; resume motion; resume
        operation; continue with that; keep it going; back to work
        """,
    "undo": """
        undo; revert; oops; whoops; oopsie; whoopsie; undo it; undo that; undo this; undo last; take that back; take it
        back; revert that; revert it; reverse that; reverse it; scratch that; reverse last; revert last; ctrl z;
        control z; rollback; roll back; roll that back; go back to before; go back to where you were; back to where you
        were; return to where you were; go back to where it was; back to where it was; go back where you were; go back
        to the previous; return to the previous; back to the previous; go back one; my mistake; go back to how it was;
        put it back the way it was; undo what you did; undo what you just did; undo everything you just did;
        """
    + combined(_UNDO, _LAST)
    + ";"
    + combined(_UNDO, _LAST, _STEPS),
    "again": """
        again; repeat; repeat that; repeat it; repeat this; repeat last; once more; once again; one more time; one
        more; another one; another time; do it again; do that again; do this again; do that once more; do it once more;
        do it one more time; do that one more time; same again; the same; same; the same again; the same thing again;
        same thing; same thing again; encore; and again; one more of those; another one of those;
        """
    + combined(_REPEAT, _LAST)
    + ";"
    + combined(_REPEAT, _LAST, _STEPS),
    "home": """
        home; homing; go home; home yourself; go to home; go back home; return home; move home; come home; home
        position; home pose; homepose; rest pose; rest position; resting position; resting pose; start position; start
        pose; starting position; starting pose; starting point; initial position; initial pose; back to start; back to
        the start; go back to start; go back to the start; return to start; return to the start; go to start; go to the
        start; back to your start; back to base position; neutral position; neutral pose; default position; default
        pose; original position; original pose; home base; park position; ready position; ready pose; back to the
        beginning; go back to the beginning; return to base; back home
        """,
    "done": """
        done; finished; finish; complete; completed; that is it; that is all; all done; all finished; all set; we are
        done; i am done; you are done; it is done; that is done; we are finished; i am finished; you are finished; it
        is finished; task done; task complete; task completed; task finished; task accomplished; job done; job
        complete; mission accomplished; mission complete; task is done; task is complete; task is completed; task is
        finished; end episode; end of episode; end of task; end the episode; end the task; finish the task;
        finish the episode; complete the task; the task has been completed; episode done; episode complete; episode
        finished; episode is done; episode is finished; episode is over; task is over; finish up; nothing more; job is
        done; it is complete; that is complete; we are all done; i am all done; done with the task; done with this;
        finished with the task; finished the task; you did it; mark as done; mark it as done; goal reached
        """,
    "start over": """
        start over; restart; reset; from the beginning; from scratch; from the start; from the top; begin again; start
        from the beginning; start from scratch; start from the top; start again from the beginning; start again from
        scratch; restart from the beginning; restart the task; restart the episode; reset the episode; reset the task;
        reset everything; start all over; start all over again; start over again; start over from the beginning; start
        over from scratch; begin over; begin from the beginning; try again from the beginning; try again from the
        start; do over; start a new episode; start afresh; start fresh; start anew; redo the whole thing; back to
        square one; redo from the beginning; take it from the top; let us start over; reset yourself; reset episode;
        restart episode
        """,
}
