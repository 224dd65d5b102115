"""Runs each query to an account once, and skips those that fail with a note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar

from hptc.aws.aws_errors import affects_every_call, is_access_denied
from hptc.errors import AwsError
from hptc.service.interface import Progress
from hptc.service.inventory import Account

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The result of a query that succeeded. A failed query has None instead."""

    value: T


@dataclass(slots=True, kw_only=True)
class CachedQueries:
    """One account, and the results of the queries to it."""

    account: Account
    progress: Progress
    unreachable: Callable[[AwsError], None] | None = None  # by default a note
    _answers: dict[tuple[object, ...], Answer[Any] | None] = field(default_factory=dict)
    _notes: set[str] = field(default_factory=set)
    _is_unreachable: bool = False

    def get(
        self, subject: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Answer[T] | None:
        """The result of a call; None if it fails, with a note that `subject` is not checked.

        After an error that affects every call, such as missing credentials, no other query is run,
        and `unreachable` is called with it.
        """
        key = (subject, call.__name__, *args, *sorted(kwargs.items()))
        if key not in self._answers and not self._is_unreachable:
            self._answers[key] = self._query(subject, lambda: call(*args, **kwargs))
        return self._answers.get(key)

    def _query(self, subject: str, call: Callable[[], T]) -> Answer[T] | None:
        try:
            return Answer(call())
        except AwsError as error:
            self._is_unreachable = affects_every_call(error)
            if not self._is_unreachable:
                self.note(f"{subject} not checked: {_reason(error)}")
            elif self.unreachable is not None:
                self.unreachable(error)
            else:
                self.note(f"not checked online: {error.message}")
            return None

    def note(self, text: str) -> None:
        """Report a line of progress, unless it was reported before."""
        if text not in self._notes:
            self._notes.add(text)
            self.progress(text)


def _reason(error: AwsError) -> str:
    return error.help if is_access_denied(error) else error.message
