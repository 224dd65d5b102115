"""Why CloudFormation failed: from the events of a stack, the newest first, to the first that went
wrong. What was cancelled or undone because of it never stands for the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hptc.service.interface import StackEvent

_BEGINS = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
)
_CANCELLED = re.compile(r"resource \w+ cancell?ed", re.IGNORECASE)
_OF_THE_USER = "User Initiated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong in the last operation on a stack."""

    status: str  # of the stack, at its last event
    cause: StackEvent  # the first to fail; an event of the stack itself where no resource did
    others: tuple[StackEvent, ...] = ()  # resources that failed on their own meanwhile
    in_rollback: tuple[StackEvent, ...] = ()  # what could not be undone then

    @property
    def is_stuck(self) -> bool:
        """Whether CloudFormation takes no update of the stack before someone has helped."""
        return self.status == "UPDATE_ROLLBACK_FAILED"

    def told(self, since: str = "") -> str:
        """The failure in words: its first line has the stack, the resource, its type, the reason.

        `since` says how the stack came to be so, where that was before.
        """
        lines = [f"`{self.cause.stack}`{since}: {_told(self.cause)}"]
        lines += [f"it failed, too: {_told(other)}" for other in self.others]
        lines += [f"then it could not be undone: {_told(each)}" for each in self.in_rollback]
        return "\n  ".join(lines)


_VERBS = {
    "CREATE_FAILED": "could not be created",
    "UPDATE_FAILED": "could not be updated",
    "DELETE_FAILED": "could not be deleted",
}


def _told(event: StackEvent) -> str:
    reason = " ".join(event.reason.split()) or "CloudFormation gave no reason"
    if event.is_of_stack:
        return reason
    return f"{event.logical_id} ({event.type}) {_VERBS.get(event.status, 'failed')}: {reason}"


def failure_of(events: Iterable[StackEvent]) -> Failure | None:
    """What went wrong in the last operation on a stack; None when nothing did.

    `events` are the newest first, as `StacksInWork.events` gives them; those of earlier operations
    are not read.
    """
    operation = _last_operation(events)
    of_stack = [event for event in operation if event.is_of_stack]
    if not of_stack:
        return None
    undone = next(
        (i for i, each in enumerate(operation) if each.is_of_stack and "ROLLBACK" in each.status),
        len(operation),
    )
    failed = list(_failed(operation[:undone]))
    in_rollback = tuple(_failed(operation[undone:]))
    # An export in use, a stack policy or a hook fails the stack without failing a resource.
    told = [
        event
        for event in of_stack
        if event.reason not in ("", _OF_THE_USER)
        and ("ROLLBACK" in event.status or event.status.endswith("_FAILED"))
    ]
    causes = failed or told or list(in_rollback)
    if not causes:
        return None
    return Failure(
        status=of_stack[-1].status,
        cause=causes[0],
        others=tuple(failed[1:]),
        in_rollback=in_rollback if causes[0] not in in_rollback else in_rollback[1:],
    )


def _failed(events: Iterable[StackEvent]) -> Iterator[StackEvent]:
    """Resources that failed by themselves, each once."""
    seen = set()
    for event in events:
        if (
            event.status.endswith("_FAILED")
            and not event.is_of_stack
            and not _CANCELLED.search(event.reason)
            and event.logical_id not in seen
        ):
            seen.add(event.logical_id)
            yield event


def _last_operation(events: Iterable[StackEvent]) -> list[StackEvent]:
    """The events since someone last began to create, update or delete the stack, in order."""
    found = []
    for event in events:
        found.append(event)
        if event.is_of_stack and event.status in _BEGINS:
            break
    return found[::-1]
