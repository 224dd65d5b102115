"""Which event is the cause of a failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.service.interface import StackEvent
from hptc.stacks.events import failure_of
from hptc.stacks.leftovers import leftover
from tests.support.fake_service import stack_event

STACK = "hptc-churn-dev"
TYPES = {"Key": "AWS::KMS::Key", "Bucket": "AWS::S3::Bucket", "Role": "AWS::IAM::Role"}
CANCELED = "Resource creation cancelled"
HANDLER = (
    'Resource handler returned message: "churn already exists (Service: S3, Status Code: 409, '
    'Request ID: 1)" (RequestToken: 2, HandlerErrorCode: AlreadyExists)'
)


def on(logical_id: str, status: str, reason: str = "") -> StackEvent:
    kind = TYPES[logical_id]
    return StackEvent(stack=STACK, logical_id=logical_id, type=kind, status=status, reason=reason)


def of_stack(status: str, reason: str = "") -> StackEvent:
    return stack_event(STACK, status, reason)


CREATED = [of_stack("CREATE_IN_PROGRESS", "User Initiated"), on("Key", "CREATE_COMPLETE")]
ROLLED_BACK = [
    of_stack("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bucket, Key]."),
    on("Key", "DELETE_COMPLETE"),
    of_stack("ROLLBACK_COMPLETE"),
]
UPDATING = [of_stack("UPDATE_IN_PROGRESS", "User Initiated")]

CASES: dict[str, tuple[list[StackEvent], str, str]] = {
    "one resource": (
        [*CREATED, on("Bucket", "CREATE_FAILED", "no"), *ROLLED_BACK],
        "ROLLBACK_COMPLETE",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be created: no",
    ),
    "what was canceled comes first": (
        [
            *CREATED,
            on("Role", "CREATE_FAILED", CANCELED),
            on("Bucket", "CREATE_FAILED", "no"),
            on("Key", "CREATE_FAILED", CANCELED),
            *ROLLED_BACK,
        ],
        "ROLLBACK_COMPLETE",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be created: no",
    ),
    "an update that was canceled": (
        [
            *UPDATING,
            on("Role", "UPDATE_FAILED", "Resource update cancelled"),
            on("Bucket", "UPDATE_FAILED", "no"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
            of_stack("UPDATE_ROLLBACK_COMPLETE"),
        ],
        "UPDATE_ROLLBACK_COMPLETE",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be updated: no",
    ),
    "two on their own": (
        [
            *CREATED,
            on("Bucket", "CREATE_FAILED", "no"),
            on("Role", "CREATE_FAILED", "neither"),
            *ROLLED_BACK,
        ],
        "ROLLBACK_COMPLETE",
        (
            f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be created: no\n"
            "  also failed: Role (AWS::IAM::Role) could not be created: neither"
        ),
    ),
    "a reason in a reason, on several lines": (
        [*CREATED, on("Bucket", "CREATE_FAILED", HANDLER.replace(", ", ",\n ")), *ROLLED_BACK],
        "ROLLBACK_COMPLETE",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be created: {HANDLER}",
    ),
    "no reason": (
        [*CREATED, on("Bucket", "CREATE_FAILED"), *ROLLED_BACK],
        "ROLLBACK_COMPLETE",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be created: CloudFormation gave no reason",
    ),
    "the stack itself": (
        [
            *UPDATING,
            on("Role", "UPDATE_COMPLETE"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "Export a:B cannot be updated as it is in use"),
            of_stack("UPDATE_ROLLBACK_COMPLETE"),
        ],
        "UPDATE_ROLLBACK_COMPLETE",
        f"`{STACK}`: Export a:B cannot be updated as it is in use",
    ),
    "a rollback that fails": (
        [
            *UPDATING,
            on("Bucket", "UPDATE_FAILED", "no"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
            on("Role", "UPDATE_FAILED", "gone meanwhile"),
            of_stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update"),
        ],
        "UPDATE_ROLLBACK_FAILED",
        (
            f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be updated: no\n"
            "  rollback failed: Role (AWS::IAM::Role) could not be updated: "
            "gone meanwhile"
        ),
    ),
    "a rollback that is tried again": (
        [
            *UPDATING,
            on("Bucket", "UPDATE_FAILED", "no"),
            of_stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
            on("Role", "UPDATE_FAILED", "gone meanwhile"),
            of_stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update"),
        ],
        "UPDATE_ROLLBACK_FAILED",
        (
            f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be updated: no\n"
            "  rollback failed: Role (AWS::IAM::Role) could not be updated: "
            "gone meanwhile"
        ),
    ),
    "a deletion": (
        [
            of_stack("DELETE_IN_PROGRESS", "User Initiated"),
            on("Bucket", "DELETE_FAILED", "it is not empty"),
            of_stack("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket]."),
        ],
        "DELETE_FAILED",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be deleted: it is not empty",
    ),
    "only the last operation counts": (
        [
            *UPDATING,
            on("Role", "UPDATE_FAILED", "long ago"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
            of_stack("UPDATE_ROLLBACK_COMPLETE"),
            *UPDATING,
            on("Bucket", "UPDATE_FAILED", "no"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
        ],
        "UPDATE_ROLLBACK_IN_PROGRESS",
        f"`{STACK}`: Bucket (AWS::S3::Bucket) could not be updated: no",
    ),
}


def test_what_a_rollback_leaves() -> None:
    failure = failure_of(
        reversed(
            [
                *CREATED,
                on("Role", "CREATE_FAILED", "no"),
                of_stack("ROLLBACK_IN_PROGRESS", "failed to create: [Role]"),
                replace(on("Bucket", "DELETE_SKIPPED"), physical_id="data-1"),
                on("Key", "DELETE_FAILED", "busy"),
                on("Key", "DELETE_COMPLETE"),
                of_stack("ROLLBACK_COMPLETE"),
            ]
        )
    )
    assert failure is not None
    assert [leftover(resource, "us-east-1") for resource in failure.left] == [
        "AWS::S3::Bucket data-1: `aws s3 rb --region us-east-1 s3://data-1` removes it"
    ]
    nameless = StackEvent(stack=STACK, logical_id="X", type="AWS::X::Y", status="DELETE_SKIPPED")
    assert leftover(nameless, "us-east-1") == "AWS::X::Y X"
    bucket = replace(nameless, type="AWS::S3::Bucket")
    assert leftover(bucket, "us-east-1") == "AWS::S3::Bucket X"


@pytest.mark.parametrize(
    ("reasons", "is_temporary"),
    [
        (["Rate exceeded (Service: Kms, HandlerErrorCode: Throttling)"], True),
        (["Internal Failure"], True),
        (["Rate exceeded", "no"], False),
        ([HANDLER], False),
    ],
)
def test_temporary_failures(reasons: list[str], is_temporary: bool) -> None:
    failed = [
        on(name, "CREATE_FAILED", reason)
        for name, reason in zip(["Bucket", "Role"], reasons, strict=False)
    ]
    failure = failure_of(reversed([*CREATED, *failed, *ROLLED_BACK]))
    assert failure is not None
    assert failure.is_temporary is is_temporary


@pytest.mark.parametrize(("events", "status", "message"), CASES.values(), ids=[*CASES])
def test_the_cause(events: list[StackEvent], status: str, message: str) -> None:
    failure = failure_of(reversed(events))
    assert failure is not None
    assert (failure.status, failure.message()) == (status, message)
    assert failure.is_stuck is (status == "UPDATE_ROLLBACK_FAILED")


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="no events"),
        pytest.param([of_stack("REVIEW_IN_PROGRESS", "User Initiated")], id="a change set only"),
        pytest.param([*CREATED, of_stack("CREATE_COMPLETE")], id="a success"),
        pytest.param([on("Bucket", "CREATE_FAILED", "no")], id="no event of the stack"),
        pytest.param(
            [
                *CREATED,
                on("Bucket", "CREATE_FAILED", "no"),
                *ROLLED_BACK,
                of_stack("DELETE_IN_PROGRESS", "User Initiated"),
            ],
            id="an earlier failure",
        ),
    ],
)
def test_nothing_failed(events: list[StackEvent]) -> None:
    assert failure_of(reversed(events)) is None


def test_a_nested_stack_is_a_resource() -> None:
    nested = replace(on("Key", "CREATE_FAILED", "no"), type="AWS::CloudFormation::Stack")
    failure = failure_of(reversed([*CREATED, nested, *ROLLED_BACK]))
    assert failure is not None
    assert (
        failure.message() == f"`{STACK}`: Key (AWS::CloudFormation::Stack) could not be created: no"
    )


def test_since_follows_the_stacks_name() -> None:
    events = [*CREATED, on("Bucket", "CREATE_FAILED", "no"), *ROLLED_BACK]
    failure = failure_of(reversed(events))
    assert failure is not None
    assert failure.message(" is stuck").startswith(f"`{STACK}` is stuck: Bucket (AWS::S3::Bucket) ")
