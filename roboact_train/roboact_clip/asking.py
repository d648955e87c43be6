"""Asks an endpoint about many texts: nothing that was answered is lost, and nothing is asked twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from roboact_ros.chat.client import ChatClient
from roboact_ros.errors import ChatError, ConfigurationError, EndpointDown
from roboact_train.roboact_clip.annotation import Annotation
from roboact_train.roboact_clip.answers import PROMPT, RULES, AnswerReader, question
from roboact_train.roboact_clip.journal import Journal

USELESS_IN_A_ROW = 10
"""After so many answers of no use there is something wrong with the endpoint, and no more is paid."""
_LONGEST_PAUSE = 30.0

Tell = Callable[[int, int, str], None]


class Pace:
    """Lets through at most so many questions a minute; 0: all.

    Args:
        per_minute: Questions a minute.
    """

    def __init__(self, per_minute: float) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._lock, self._next = threading.Lock(), 0.0

    def wait(self, stop: threading.Event) -> None:
        """Return when the next question may be asked, or at once when ``stop`` is set."""
        with self._lock:
            at = max(time.monotonic(), self._next)
            self._next = at + self._interval
        stop.wait(at - time.monotonic())


class EndpointAnnotator:
    """Annotates texts with a language model; whole answers are kept as they came, in a journal.

    Args:
        client: Whom to ask.
        journal: Where answers are kept; those in it are not asked for again.
        reader: Reads the answers.
        at_once: Questions under way at the same time.
        per_minute: Questions a minute; 0 sets no limit.
        patience: How long an endpoint that is down is asked again, in growing pauses [s].
        again: Ask again where the kept answer is of no use.
    """

    def __init__(
        self,
        client: ChatClient,
        journal: Journal,
        reader: AnswerReader,
        at_once: int = 4,
        per_minute: float = 0.0,
        patience: float = 120.0,
        again: bool = False,
    ) -> None:
        if at_once < 1 or per_minute < 0.0 or patience < 0.0:
            raise ConfigurationError("at least one question at once; neither a rate nor a patience below 0")
        self._client, self._journal, self._reader = client, journal, reader
        self._at_once, self._pace, self._patience, self._again = at_once, Pace(per_minute), patience, again
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._useless, self._error = 0, ""
        rows = (row for row in journal.rows if (row.get("annotator"), row.get("prompt")) == (self.name, PROMPT))
        self._found = {str(row.get("text")): self._read(str(row.get("answer"))) for row in rows}

    @property
    def name(self) -> str:
        """The model that answers."""
        return self._client.name

    def annotate_all(self, texts: Sequence[str], tell: Tell) -> dict[str, Annotation | str]:
        """Return what each text says, or why nothing is known about it.

        Raises:
            EndpointDown: Not all could be asked; what was answered is kept.
        """
        missing = [text for text in texts if self._is_missing(text)]
        pool = ThreadPoolExecutor(self._at_once, "asks")
        done = len(texts) - len(missing)
        try:
            futures = {pool.submit(self._ask, text): text for text in missing}
            for future in as_completed(futures):
                future.result()
                if not self._stop.is_set():
                    done += 1
                    tell(done, len(texts), futures[future])
        except KeyboardInterrupt:
            tell(done, len(texts), "interrupted: waiting for the answers under way, which are paid for")
            raise
        finally:
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
        if self._error:
            known = sum(not self._is_missing(text) for text in texts)
            raise EndpointDown(
                f"{self._error}; {known} of {len(texts)} texts are annotated and kept: the same command goes on there"
            )
        return {text: self._found[text] for text in texts}

    def _is_missing(self, text: str) -> bool:
        return text not in self._found or (self._again and isinstance(self._found[text], str))

    def _ask(self, text: str) -> None:
        since, pause = 0.0, 0.5
        while not self._stop.is_set():
            self._pace.wait(self._stop)
            if self._stop.is_set():
                return
            try:
                answer = self._client.ask(RULES, question(text), None, str).wait()
            except EndpointDown as error:
                since = since or time.monotonic()
                if time.monotonic() + pause - since > self._patience:
                    self._give_up(str(error))
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            except ChatError as error:
                return self._note(text, f"not annotated: {error}")
            else:
                self._journal.append({"annotator": self.name, "prompt": PROMPT, "text": text, "answer": answer})
                return self._note(text, self._read(answer))
        return None

    def _read(self, answer: str) -> Annotation | str:
        try:
            return self._reader.read(answer)
        except ChatError as error:
            return str(error)

    def _note(self, text: str, found: Annotation | str) -> None:
        with self._lock:
            self._found[text] = found
            self._useless = self._useless + 1 if isinstance(found, str) else 0
            if self._useless >= USELESS_IN_A_ROW:
                self._give_up(f"{self._useless} answers in a row are of no use; the last: {found}")

    def _give_up(self, error: str) -> None:
        self._error = self._error or error
        self._stop.set()
