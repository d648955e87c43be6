"""Asks a language model for JSON of one shape, and reads the answer as what it is: text from a stranger."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from roboact_ros.chat.call import Call
from roboact_ros.chat.endpoint import Endpoint
from roboact_ros.errors import ChatError

Answer = TypeVar("Answer")
Part = dict[str, Any]


@dataclass(frozen=True)
class _Message:
    content: str


@dataclass(frozen=True)
class _Choice:
    message: _Message


@dataclass(frozen=True)
class _Completion:
    choices: list[_Choice]


_COMPLETION = TypeAdapter(_Completion)


class Question(Generic[Answer]):
    """A question that was asked."""

    def __init__(self, call: Call, endpoint: Endpoint, read: Callable[[str], Answer]) -> None:
        self._call, self._endpoint, self._read = call, endpoint, read

    def wait(self) -> Answer:
        """Return the answer, within the time limit that began with the question.

        Raises:
            ChatError: There is none, or none that can be used.
            RoboactError: What the reader of the answer raises.
        """
        try:
            completion = _COMPLETION.validate_json(self._call.wait())
        except ValidationError:
            raise ChatError(f"{self._endpoint} sent something that is no chat completion") from None
        if not completion.choices:
            raise ChatError(f"{self._endpoint} sent a chat completion without an answer")
        content = completion.choices[0].message.content
        if self._endpoint.api_key and self._endpoint.api_key in content:
            raise ChatError(f"{self._endpoint} sent the key back")
        return self._read(content)

    def cancel(self) -> None:
        """Give it up: who waits is told at once."""
        self._call.cancel()


class ChatClient:
    """Asks one endpoint.

    Args:
        endpoint: Whom to ask.
        timeout: Time for a whole answer [s].
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._endpoint, self._timeout = endpoint, timeout

    @property
    def name(self) -> str:
        """The model, or the host when that chooses it."""
        return self._endpoint.model or self._endpoint.host

    def ask(
        self, rules: str, content: str | Sequence[Part], schema: dict[str, Any] | None, read: Callable[[str], Answer]
    ) -> Question[Answer]:
        """Ask without waiting.

        Args:
            rules: What the model is to do.
            content: What to do it with: a text, or parts such as images.
            schema: JSON schema of the answer, which an endpoint may ignore; None for endpoints that refuse one.
            read: Checks the text of the answer and returns what it means.
        """
        messages = [{"role": "system", "content": rules}, {"role": "user", "content": content}]
        request: dict[str, Any] = {"messages": messages}
        if schema is not None:
            wanted = {"name": "answer", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": wanted}
        if self._endpoint.model:
            request["model"] = self._endpoint.model
        call = Call(self._endpoint, json.dumps(request).encode(), self._timeout)
        return Question(call, self._endpoint, read)


def read_strictly(shape: TypeAdapter[Answer], content: str) -> Answer:
    """Return JSON text as ``shape``, without conversions.

    Raises:
        ChatError: It has another shape; the message holds nothing of the text.
    """
    try:
        return shape.validate_json(content, strict=True)
    except ValidationError as error:
        reason = error.errors(include_input=False, include_url=False)[0]
        told = "no JSON" if reason["type"] == "json_invalid" else reason["msg"]
        raise ChatError(f"the language model's answer has the wrong form: {told}") from None


def strict_object(**properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
