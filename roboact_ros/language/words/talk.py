"""Words that join, ask, refuse or merely accompany."""

from __future__ import annotations

from roboact_ros.language.meanings import Entry, Kind
from roboact_ros.language.words.combined import combined

_NO = "no; no no; no no no; oh no; wait no; sorry no; hmm no; nono"

PHRASES = [
    (
        Entry(Kind.JOIN),
        """
        and; ,; :; plus; as well as; along with; and also; also; and now; as well; combined with; together with
        """,
    ),
    (
        Entry(Kind.THEN),
        """
        then; and then; .; !; next; after that; and after that; afterwards; afterward; followed by; and next; and
        finally; finally; lastly; subsequently; and afterwards; once that is done; once done; when done; after which;
        and last; thereafter; and lastly; and subsequently
        """,
    ),
    (Entry(Kind.QUESTION), "?"),
    (Entry(Kind.PRONOUN), "i; you; we; they; he; she; let me"),
    (
        Entry(Kind.NEGATION),
        """
        not; never; no longer; without; neither; nor; avoid; refrain; nonstop; hardly; instead of;
        """
        + _NO,
    ),
    (
        Entry(Kind.INTERJECTION),
        """
        actually; sorry; rather; instead; oh; well; ah; argh; ugh; i said; i would rather
        """,
    ),
    (
        Entry(Kind.CORRECTION),
        """
        nope; nah; i mean; i meant; no i mean; no i meant;
        no wait; or rather; make that; not quite; no sorry; no actually; what i meant was;
        correction; oh wait; wait wait;
        """
        # Set apart, "no" is about what was said before; otherwise it rules out what follows.
        + combined(_NO, ",; .; !"),
    ),
    (
        Entry(Kind.REQUEST),
        """
        can you; could you; would you; will you; can we; could we; would you mind; do you mind; can i have you; could
        i have you; can i ask you to; could i ask you to; can i get you to; could i get you to; would you be so kind
        as to; would you be able to; are you able to; would it be possible to; is it possible to; would you kindly;
        can the robot; could the robot; can the arm; could the arm; may i ask you to; will the robot; would you like
        to
        """,
    ),
    (
        Entry(Kind.FILLER),
        """
        please; pls; plz; please do; kindly; just; now; right now; right away; simply; only; okay; ok; okey; okay so;
        alright; all right; right then; all righty; so; uh; uhh; um; umm; er; erm; hmm; hm; mm hmm; hey; hi; hello;
        yo; dude; buddy; mate; man; friend; pal; sir; robot please; dear robot; dear; yes; yeah; yep; yup; sure;
        great; good; nice; cool; perfect; fine; thanks; thank you; thank you very much; thanks a lot; many thanks;
        thank you so much; cheers; very good; good job; well done; for me; if you can; if you could; if possible; if
        you please; if you would; if you do not mind; if you would not mind; when you can; when you are ready;
        whenever you are ready; the; a; an; to; by; of; at; in; for; with; over; around; about; roughly;
        approximately; approx; circa; like; maybe; perhaps; kinda; kind of; sort of; sorta; basically; exactly;
        precisely; straight; directly; direction; directions; side; some; your; its; 's; slowly; carefully; gently;
        smoothly; steadily; quickly; fast; rapidly; softly; swiftly; nice and slow; nice and easy; nice and slowly;
        nice and gently; slow and steady; quick; immediately; at once; asap; as soon as possible; at this point; this
        time; i want; i want you to; i want to; i need; i need you to; i would like; i would like you to; i
        would like to; i think; i guess; i suggest; want; want you to; need; need you to; would like; we need to; we
        should; we want to; we have to; you should; you need to; you have to; you must; you can; you could; you may;
        you will; you might want to; you got to; it should; it needs to; it should be; should be; needs to be; it
        needs to be; i want it; let the arm; let the robot; or so; it has to; needs to; i wish; let us; let me
        see; let us try; let us see; let us go; let us go ahead and; go ahead and; go and; come on; try; try to;
        trying; start; start to; begin; begin to; starting; make; make it; have; have it; have the robot; cause; tell;
        tell it to; tell the robot to; get the robot to; get the arm to; get it to; give me; allow; perform; execute;
        do; do a; command; instruct; ask; ask it to; ask the robot to; the motion; motion; movement; toward; towards;
        along; into; onto; over to; on over; over here; yet; still; but only; but just; it is time to; time to; be so
        kind; be so kind as to; so that; hence; therefore; thus; both; first; firstly; first of all; second; secondly;
        to begin with; to start with; second of all; you know; you see; of course; obviously; gradually; bit by bit;
        little by little; very carefully; very slowly; really fast; very fast; super fast; really quickly; very
        quickly; as fast as you can; as fast as possible; very gently; more slowly; really slowly; super slowly; quite
        slowly; super carefully; really carefully; from here; from where you are; where you are; from your current
        position; from the current position; current position; from its current position; from this position; what i
        want is; my friend
        """,
    ),
]
