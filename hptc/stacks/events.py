"""Finds the cause of a failed CloudFormation operation in the events of its stack.

The cause is the first resource that failed, never one that was canceled or rolled back because of
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hptc.frozen import frozen
from hptc.service.interface import StackEvent

_STARTS = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
)
_CANCELED = re.compile(r"resource \w+ cancell?ed", re.IGNORECASE)
_TEMPORARY = re.compile(
    r"throttl|rate exceeded|too many requests|internal\s?(failure|server ?error|service ?error)"
    r"|service\s?unavailable|slow ?down|timed out|HandlerErrorCode: (Throttling|InternalFailure"
    r"|ServiceInternalError|NetworkFailure|NotStabilized|ServiceTimeout)",
    re.IGNORECASE,
)
"""https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html"""
_USER_INITIATED = "User Initiated"


@frozen
class Failure:
    """Why the last operation on a stack failed."""

    status: str  # of the stack, at its last event
    cause: StackEvent  # the first failure; an event of the stack itself if no resource failed
    others: tuple[StackEvent, ...] = ()  # resources that failed independently
    in_rollback: tuple[StackEvent, ...] = ()  # resources that could not be rolled back
    left: tuple[StackEvent, ...] = ()  # resources that the rollback left in the account

    @property
    def is_stuck(self) -> bool:
        """Whether CloudFormation accepts no update of the stack until its rollback is completed."""
        return self.status == "UPDATE_ROLLBACK_FAILED"

    @property
    def is_temporary(self) -> bool:
        """Whether every cause may be gone when the operation is repeated."""
        causes = (self.cause, *self.others)
        return all(_TEMPORARY.search(event.reason) is not None for event in causes)

    def message(self, since: str = "") -> str:
        """The failure as text. The first line has the stack, the resource, its type and the reason.

        `since` follows the stack's name, for a failure of an earlier deployment.
        """
        lines = [f"`{self.cause.stack}`{since}: {_sentence(self.cause)}"]
        lines += [f"also failed: {_sentence(other)}" for other in self.others]
        lines += [f"rollback failed: {_sentence(event)}" for event in self.in_rollback]
        return "\n  ".join(lines)


_VERBS = {
    "CREATE_FAILED": "could not be created",
    "UPDATE_FAILED": "could not be updated",
    "DELETE_FAILED": "could not be deleted",
}


def _sentence(event: StackEvent) -> str:
    reason = " ".join(event.reason.split()) or "CloudFormation gave no reason"
    if event.is_of_stack:
        return reason
    return f"{event.logical_id} ({event.type}) {_VERBS.get(event.status, 'failed')}: {reason}"


def failure_of(events: Iterable[StackEvent]) -> Failure | None:
    """Why the last operation on a stack failed; None if it didn't.

    `events` are newest first, as `StackOperations.events` returns them. Those of earlier operations
    are not read.
    """
    operation = _last_operation(events)
    of_stack = [event for event in operation if event.is_of_stack]
    if not of_stack:
        return None
    rollback = next(
        (
            i
            for i, event in enumerate(operation)
            if event.is_of_stack and "ROLLBACK" in event.status
        ),
        len(operation),
    )
    failed = list(_failed(operation[:rollback]))
    in_rollback = tuple(_failed(operation[rollback:]))
    gone = {event.logical_id for event in operation[rollback:] if event.status == "DELETE_COMPLETE"}
    left = tuple(
        event
        for event in operation[rollback:]
        if event.status in ("DELETE_SKIPPED", "DELETE_FAILED")
        and not event.is_of_stack
        and event.logical_id not in gone
    )
    # An export in use, a stack policy or a hook fails the stack without failing a resource.
    stack_failures = [
        event
        for event in of_stack
        if event.reason not in ("", _USER_INITIATED)
        and ("ROLLBACK" in event.status or event.status.endswith("_FAILED"))
    ]
    causes = failed or stack_failures or list(in_rollback)
    if not causes:
        return None
    return Failure(
        status=of_stack[-1].status,
        cause=causes[0],
        others=tuple(failed[1:]),
        in_rollback=in_rollback if causes[0] not in in_rollback else in_rollback[1:],
        left=tuple({event.logical_id: event for event in left}.values()),
    )


def _failed(events: Iterable[StackEvent]) -> Iterator[StackEvent]:
    """The resources that failed and were not canceled, once each."""
    seen = set()
    for event in events:
        if (
            event.status.endswith("_FAILED")
            and not event.is_of_stack
            and not _CANCELED.search(event.reason)
            and event.logical_id not in seen
        ):
            seen.add(event.logical_id)
            yield event


def _last_operation(events: Iterable[StackEvent]) -> list[StackEvent]:
    """The events since the stack's last create, update or delete began, the oldest first."""
    latest = []
    for event in events:
        latest.append(event)
        if event.is_of_stack and event.status in _STARTS:
            break
    return latest[::-1]
