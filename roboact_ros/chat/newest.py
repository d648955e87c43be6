"""Waits for the newest question only: an answer that something has overtaken is never delivered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic

from roboact_ros.chat.client import Answer, Question
from roboact_ros.errors import RoboactError


class Newest(Generic[Answer]):
    """At most one question at a time; nobody waits for it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._question: Question[Answer] | None = None

    def ask(self, question: Question[Answer], answered: Callable[[Answer | RoboactError], None]) -> None:
        """Have ``answered`` called in another thread, unless :meth:`withdraw` or the next question comes first."""
        with self._lock:
            self.withdraw()
            self._question = question
        threading.Thread(target=self._wait, args=(question, answered), name="waits", daemon=True).start()

    def withdraw(self) -> bool:
        """Give the question up and return whether there was one.

        When this returns, ``answered`` has returned too or will never be called.
        """
        with self._lock:
            question, self._question = self._question, None
        if question is not None:
            question.cancel()
        return question is not None

    def _wait(self, question: Question[Answer], answered: Callable[[Answer | RoboactError], None]) -> None:
        answer: Answer | RoboactError
        try:
            answer = question.wait()
        except RoboactError as error:
            answer = error
        with self._lock:
            if self._question is question:
                self._question = None
                answered(answer)
