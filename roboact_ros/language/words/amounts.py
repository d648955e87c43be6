"""Amounts in words."""

from __future__ import annotations

from roboact_ros.language.meanings import Entry, Kind, Level
from roboact_ros.language.words.combined import combined

_MEASURES = """
    amount; distance; way; margin; movement; motion; length; step; degree; extent; fraction; portion; range; increment;
    shift; move; span
    """
_LARGE = """
    large; big; great; huge; long; significant; considerable; substantial; sizable; sizeable; massive; generous; hefty;
    enormous; gigantic; major; vast
    """
_SMALL = "small; little; short; slight; minor; modest; wee; smallish"
_TINY = """
    tiny; minuscule; miniscule; minute; smallest; slightest; tiniest; barest; minimal; teeny; teensy; infinitesimal;
    least
    """

PHRASES = [
    (Entry(Kind.LEVEL, Level.LARGE), combined(_LARGE, _MEASURES)),
    (Entry(Kind.LEVEL, Level.SMALL), combined(_SMALL, _MEASURES)),
    (Entry(Kind.LEVEL, Level.TINY), combined(_TINY, _MEASURES)),
    (
        Entry(Kind.MORE),
        """
        more; further; farther; extra; additional; additionally; some more; any further; another
        """,
    ),
    (Entry(Kind.OUT), "out"),
    (
        Entry(Kind.LEVEL, Level.LARGE),
        """
        lot; lots; whole lot; bunch; whole bunch; ton; tons; loads; heaps; far; far over; way; way over; much; so
        much; significantly; considerably; substantially; extensively; greatly; largely; massively; heavily; majorly;
        strongly; deeply; hugely; immensely; vastly; enormously; drastically; quite a bit; quite a lot; quite a way;
        quite a ways; quite far; pretty far; fairly far; rather far; really far; quite some way; quite some distance;
        quite a distance; good bit; good bit more; fair bit; fair amount; fair distance; fair way; fair few; good way;
        good ways; good amount; good distance; good chunk; good deal; great deal; great length; great way; great
        extent; good long way; long way; long ways; long distance; ways; large extent; big step; giant step; big
        chunk; decent amount; decent bit; decent distance; big time; considerable range; to a great degree; by far;
        way way; a mile; miles; large scale; notably; big bit; wide range; sizeable amount; lots and lots; markedly;
        noticeably; dramatically; extremely far; plenty; a great many
        """,
    ),
    (
        Entry(Kind.LEVEL, Level.SMALL),
        """
        bit; bits; little; slightly; tad; touch; smidge; smidgen; smidgeon; somewhat; notch; pinch; little bit; small
        bit; wee bit; tad bit; little tad; little touch; small touch; lightly; skosh; scooch; few; mite; little
        something; a bit of a; slight bit; modestly; marginally; mildly; small nudge; little nudge; just a little;
        small step; little step; baby step; sliver; a dash; dab; small fraction; small extent; small degree; slight
        degree; short range; small range; trifle; little ways; short ways; jot; shade; small way
        """,
    ),
    (
        Entry(Kind.LEVEL, Level.TINY),
        """
        hair; hairs; whisker; smallest; slightest; tiniest; barest; barely; minimally; minutely; teeny; tiny; teensy;
        minuscule; miniscule; tiny bit; teeny bit; teensy bit; teeny tiny; teeny tiny bit; itty bitty; itty bitty bit;
        teeny weeny; weeny bit; ever so slightly; ever so gently; ever so lightly; ever so little; ever very slightly;
        hair 's breadth; hairs breadth; hairbreadth; hair breadth; slightest bit; tiniest bit; smallest bit; tiny tad;
        tiny little; tiny little bit; teeny little bit; little tiny bit; tiny touch; tiny smidge; tiny nudge; smallest
        step; tiny step; little hair; infinitesimally; microscopically; just barely; tiny wee bit; small tiny bit;
        super tiny; very tiny; tinily; bare minimum; minimum amount; microscopic amount; fraction; tiny fraction; wee
        tiny bit; eensy bit; smallest degree; slightest degree; itsy bitsy bit; itsy bitsy; micro step;
        crumb; titch; scintilla; just a hair
        """,
    ),
    (
        Entry(Kind.LEVEL, Level.MEDIUM),
        """
        medium amount; moderate amount; moderate distance; moderately; normal amount; default amount; medium distance;
        normal distance
        """,
    ),
    (
        Entry(Kind.INTENSIFIER),
        """
        very; really; super; extremely; so very; ever so; awfully; incredibly; truly; especially; ultra
        """,
    ),
]
