"""A recording session: so many good episodes of one task, collected over as many sittings as it takes."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.folders import BagFolder, BagState, find_bags
from roboact_ros.recording.metadata import read_metadata
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.whole_file import write_whole

SESSION = "session"
"""Note of an episode that was recorded in a session; names it."""
REVIEW = "review"
"""Note of an episode of which nobody has said yet whether it is good; says why."""
SESSIONS = ".sessions"


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session beside its episodes.

    Attributes:
        name: Its name, made from the task.
        task: The instruction.
        target: Wanted episodes.
        kept: Names of the good episodes, oldest first.
        put_aside: Episodes that were discarded.
    """

    name: str
    task: str
    target: int
    kept: tuple[str, ...] = ()
    put_aside: int = 0

    @property
    def left(self) -> int:
        """Episodes that are still wanted."""
        return max(0, self.target - len(self.kept))

    def with_kept(self, path: Path) -> Session:
        """Return the session with one more good episode."""
        return replace(self, kept=(*(name for name in self.kept if name != path.name), path.name))

    def without(self, path: Path) -> Session:
        """Return the session with one episode put aside."""
        return replace(self, kept=tuple(n for n in self.kept if n != path.name), put_aside=self.put_aside + 1)


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session with what was found in its folder: episodes to decide about, and good ones that are gone."""

    session: Session
    undecided: tuple[Path, ...]
    missing: tuple[str, ...]


def session_name(task: str) -> str:
    """Return the name of the session of a task."""
    return re.sub(r"[^a-z0-9]+", "_", task.lower()).strip("_")[:60] or "session"


def resume(folder: Path, task: str, target: int) -> Resumed:
    """Go on with the session of ``task`` in ``folder``, or begin it.

    The episodes themselves say which session they belong to, so one that was saved just before a crash counts too.

    Raises:
        RecordingError: The folder cannot be read, or its session file is damaged.
    """
    session = Session(session_name(task), task, target)
    stored = _read(session_file(folder, session.name))
    if stored is not None:
        session = replace(stored, task=task, target=target)
    bags = find_bags(folder) if folder.is_dir() else []
    there = {bag.path.name for bag in bags if bag.state is BagState.SAVED}
    missing = tuple(name for name in session.kept if name not in there)
    session = replace(session, kept=tuple(name for name in session.kept if name in there))
    undecided = []
    for bag in bags:
        if bag.path.name in session.kept or bag.state is BagState.RECORDING:
            continue
        notes = _notes(bag)
        if notes.get(SESSION) != session.name:
            continue
        if bag.state is BagState.SAVED and notes.get("outcome") == "saved" and REVIEW not in notes:
            session = session.with_kept(bag.path)
        else:
            undecided.append(bag.path)
    return Resumed(session, tuple(undecided), missing)


def session_file(folder: Path, name: str) -> Path:
    """Return where a session is kept."""
    return folder / SESSIONS / f"{name}.json"


def store(folder: Path, session: Session) -> None:
    """Write the session file in one step, so that it is whole whatever happens.

    Raises:
        RecordingError: The disk refused; the old file is still there.
    """
    write_whole(session_file(folder, session.name), [json.dumps(asdict(session), indent=1)])


def _read(path: Path) -> Session | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Session(**{**content, "kept": tuple(content["kept"])})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise recording_error(path, error) from error
    except (ValueError, TypeError, KeyError) as error:
        raise RecordingError(
            f"{path} is damaged ({error}); delete it, and the session is put together from its episodes"
        ) from error


def _notes(bag: BagFolder) -> dict[str, str]:
    """Return the notes of a bag, saved or cut short; none where not even those can be read."""
    if bag.state is BagState.SAVED:
        return dict(read_metadata(bag.path).get("custom_data") or {})
    try:
        with Episode(bag.path) as episode:
            return episode.notes
    except RecordingError:
        return {}
