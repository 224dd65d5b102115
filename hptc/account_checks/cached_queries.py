"""Questions to an account, each asked once; one that is not answered is skipped with a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar

from hptc.aws.account import Account
from hptc.aws.aws_errors import affects_every_call, is_access_denied
from hptc.errors import AwsError
from hptc.service.interface import Progress

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What AWS said; an absent answer is None instead."""

    value: T


@dataclass(slots=True, kw_only=True)
class Questions:
    """One account, and what it said."""

    account: Account
    progress: Progress
    _answers: dict[tuple[object, ...], Answer[Any] | None] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _is_over: bool = False

    def ask(
        self, about: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Answer[T] | None:
        """The answer of a call; None where AWS gives none, which is said once for each `about`.

        Without credentials, or without AWS in reach, nothing more is asked.
        """
        key = (about, call.__name__, *args, *sorted(kwargs.items()))
        if key not in self._answers and not self._is_over:
            self._answers[key] = self._ask(about, lambda: call(*args, **kwargs))
        return self._answers.get(key)

    def _ask(self, about: str, call: Callable[[], T]) -> Answer[T] | None:
        try:
            return Answer(call())
        except AwsError as error:
            self._is_over = affects_every_call(error)
            self.say(
                f"not checked online: {error.message}"
                if self._is_over
                else f"{about} not checked: {_reason(error)}"
            )
            return None

    def say(self, text: str) -> None:
        """Say something, once."""
        if text not in self._said:
            self._said.add(text)
            self.progress(text)


def _reason(error: AwsError) -> str:
    return error.help if is_access_denied(error) else error.message
