"""Guides a person through a recording session, one episode after the other, with single keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from roboact_ros.errors import RecordingError, RoboactError
from roboact_ros.recording.bag_writer import UNFINISHED_SUFFIX
from roboact_ros.recording.folders import discard
from roboact_ros.recording.repair import repair
from roboact_ros.recording.session import REVIEW, SESSION, Session, store
from roboact_ros.recording.summary import summarise
from roboact_ros.recording.terminal import ENTER, LEAVE, Terminal

SILENCE_SECONDS = 5.0
"""A recorder that says nothing for this long has gone; it reports every second."""
SLOW = 0.9
"""Part of its target rate below which a camera is reported as slow."""
_LOOK = 0.1


class Desk(Protocol):
    """The recorder of a cell and what else a session needs of it."""

    def poll(self) -> tuple[Mapping[str, str], str, float]:
        """Return the values and the sentence of the newest status, and how old it is [s]."""
        ...

    def call(self, action: str) -> str:
        """Ask the recorder to start, save, discard or rerecord; return its answer."""
        ...

    def note(self, key: str, value: str) -> None:
        """Note something with the running episode."""
        ...

    def say(self, text: str) -> str:
        """Tell the arm something, wait until it has done it, and return how that ended."""
        ...


class Guide:
    """One sitting of a session.

    Args:
        desk: The recorder.
        terminal: The person.
        folder: Where the recorder puts episodes, which must be on this machine.
        session: What has been collected.
    """

    def __init__(self, desk: Desk, terminal: Terminal, folder: Path, session: Session) -> None:
        self.session = session
        self._desk, self._terminal, self._folder = desk, terminal, folder
        self._recorded_now = False

    def review(self, path: Path) -> None:
        """Ask about an episode that an earlier sitting left undecided, perhaps cut short."""
        if path.suffix == UNFINISHED_SUFFIX:
            path = self._repaired(path) or path
            if path.suffix == UNFINISHED_SUFFIX:
                return
        self._tell(f"{path.name}: left by an earlier sitting. {self._describe(path)}")
        self._decide(path)

    def run(self) -> None:
        """Record until the target is reached or the person leaves.

        Raises:
            RecordingError: The session file cannot be written.
        """
        values, _, _ = self._desk.poll()
        if values.get("state") == "recording":
            self._tell(f"an episode is being recorded already: {values['episode']}")
            self._recording(Path(values["episode"]))
        while self.session.left and not self._terminal.gone and self._prepare():
            pass
        if not self.session.left:
            self._tell(f"all {self.session.target} episodes are recorded")

    def _prepare(self) -> bool:
        """Get ready for one episode, record it, and return whether the person stays."""
        s = self.session
        again = "  [r] record the last one again" if self._recorded_now else ""
        self._tell(
            f'\nEpisode {len(s.kept) + 1} of {s.target}: "{s.task}" ({len(s.kept)} kept, {s.put_aside} put aside)\n'
            f"  put everything back, then [Enter] record{again}  [h] arm home  [o] open the gripper  [q] leave"
        )
        while True:
            key = self._key(self._waiting)
            if key in (LEAVE, "q"):
                return False
            if key in ("h", "o"):
                self._try(self._desk.say, "go home" if key == "h" else "open the gripper")
            elif key in (ENTER, " ") or (key == "r" and self._recorded_now):
                started = self._try(self._desk.call, "rerecord" if key == "r" else "start")
                if started:
                    self._recording(Path(started.removeprefix("recording ")))
                    return True

    def _recording(self, path: Path) -> None:
        """Follow the episode at ``path`` to its end."""
        self._tell("  [Enter] or [s] save  [d] discard  [r] discard and record again  [n] note")
        self._try(self._desk.note, SESSION, self.session.name)
        while True:
            key = self._key(self._progress)
            values, _, age = self._desk.poll()
            if age > SILENCE_SECONDS or (values.get("state") != "recording" and self._unfinished(path).exists()):
                return self._lost(path)
            if values.get("state") != "recording":
                return self._ended(path, "ended by somebody else")
            if values.get("episode") != str(path):
                self._ended(path, "recorded again by somebody else")
                path = Path(values["episode"])
                self._try(self._desk.note, SESSION, self.session.name)
            if key in (ENTER, "s") or values.get("error"):
                return self._save(path)
            if key == LEAVE:
                self._try(self._desk.note, REVIEW, self._terminal.gone)
                return self._save(path)
            if key == "n":
                text = self._terminal.line("  note:")
                self._try(self._desk.note, "note", text)
            elif key == "d":
                self._try(self._desk.call, "discard")
                return self._ended(path, "discarded")
            elif key == "r":
                started = self._try(self._desk.call, "rerecord")
                self._keep(self.session.without(path))
                if not started:
                    return None
                path = Path(started.removeprefix("recording "))
                self._try(self._desk.note, SESSION, self.session.name)

    def _save(self, path: Path) -> None:
        try:
            self._desk.call("save")
        except RecordingError as error:
            self._tell(f"  {error}")
            if self._unfinished(path).exists():
                return self._lost(path)
        self._ended(path, "saved")

    def _ended(self, path: Path, how: str) -> None:
        """Count an episode that the recorder has finished."""
        if not path.exists():
            self._keep(self.session.without(path))
            return self._tell(f"  {how}; put aside for a while")
        if not self._terminal.gone:
            replaced = next((name for name in self.session.kept if not (self._folder / name).exists()), None)
            session = self.session if replaced is None else self.session.without(path.with_name(replaced))
            self._keep(session.with_kept(path))
            self._recorded_now = True
        self._tell(f"  {how}: {self._describe(path)}")
        return None

    def _lost(self, path: Path) -> None:
        """Save what a recorder that ended in the middle has left."""
        self._tell("  the recorder no longer records; looking for what it has written")
        found = self._repaired(self._unfinished(path)) if self._unfinished(path).exists() else path
        if found is not None and found.exists():
            self._tell(f"  {found.name}: {self._describe(found)}")
            self._decide(found)

    def _decide(self, path: Path) -> None:
        self._tell("  is it good? [k] keep  [d] put aside  [q] decide later")
        key = ""
        while key not in ("k", "d", "q", LEAVE):
            key = self._key(lambda: "")
        if key == "k":
            self._keep(self.session.with_kept(path))
        elif key == "d" and self._try(discard, path):
            self._keep(self.session.without(path))

    def _repaired(self, unfinished: Path) -> Path | None:
        try:
            result = repair(unfinished)
        except RecordingError as error:
            self._tell(f"  {error}")
            return None
        self._tell(f"  {result.messages} messages were saved of {result.path.name}")
        return result.path

    def _describe(self, path: Path) -> str:
        summary = summarise(path)
        losses = int(summary.notes.get("drops", 0)) + int(summary.notes.get("lost_in_transit", 0))
        parts = [f"{summary.seconds:.1f} s, {summary.messages} messages, {summary.megabytes:.1f} MB, {losses} lost"]
        cameras = summary.cameras
        parts += [f"{c.name} {c.achieved:.1f} of {c.target:g} Hz{_slow(c.achieved, c.target)}" for c in cameras]
        if summary.gaps:
            longest = max(summary.gaps, key=lambda gap: gap.length)
            parts.append(f"longest gap {longest.length:.2f} s on {longest.topic}")
        if int(summary.notes.get("corrections", 0)):
            parts.append(f"{summary.notes['corrections']} corrections")
        return ", ".join(parts)

    def _progress(self) -> str:
        values, sentence, age = self._desk.poll()
        if age > 2.0:
            return f"  no word from the recorder for {age:.0f} s"
        names = [key.removeprefix("rate/") for key in values if key.startswith("rate/")]
        rates = "  ".join(f"{name} {values[f'rate/{name}']}/{values[f'target/{name}']} Hz" for name in names)
        size = int(values.get("bytes", 0)) / 1e6
        line = f"  {values.get('seconds', '')} s  {rates}  {size:.1f} MB  {values.get('drops', '')} drops"
        if values.get("corrections", "0") != "0":
            line += f"  {values['corrections']} corrections"
        return line if sentence == "recording" else f"{line}  ! {sentence}"

    def _waiting(self) -> str:
        _, sentence, age = self._desk.poll()
        return f"  the recorder does not answer ({age:.0f} s)" if age > SILENCE_SECONDS else f"  {sentence}"

    def _key(self, show: Callable[[], str]) -> str:
        """Wait for a key or for the recorder to do something, and show how it goes."""
        end = time.monotonic() + 0.5
        key = ""
        while not key and time.monotonic() < end:
            self._terminal.show(show())
            key = self._terminal.key(_LOOK)
        return key

    def _try(self, action: Callable[..., object], *arguments: object) -> str:
        """Do something and return the answer; a refusal is told, and empty."""
        try:
            return str(action(*arguments) or "")
        except RoboactError as error:
            self._tell(f"  {error}")
            return ""

    def _keep(self, session: Session) -> None:
        self.session = session
        store(self._folder, session)

    def _tell(self, text: str) -> None:
        self._terminal.tell(text)

    @staticmethod
    def _unfinished(path: Path) -> Path:
        return path.with_name(path.name + UNFINISHED_SUFFIX)


def _slow(achieved: float, target: float) -> str:
    return " (SLOW)" if achieved < SLOW * target else ""
