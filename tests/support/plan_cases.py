"""Plans of every kind, as data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hptc.cost.bound import BoundSummary
from hptc.cost.forecast import EvidenceRun, ExpectedCost, no_forecast
from hptc.jobs.decisions import Blocked, Obstacle, Unchanged
from hptc.jobs.planned import (
    Place,
    Plan,
    PlannedCost,
    PlannedSubmission,
    StaleJob,
    StaleJobs,
    StaleReason,
)
from hptc.stacks.results import StackState, StackStatus, StackStatuses

PLACE = Place(account="123456789012", region="us-east-1", project="churn", environment="dev")
ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/"


def new(spec: str) -> PlannedSubmission:
    return PlannedSubmission(
        spec=spec,
        file=f"specs/{spec}.yaml",
        name=f"{spec}-0123abcd",
        digest="0123abcd" * 8,
        commit="4e90625aaaaa",
        provided={"execution_role_arn": "arn:aws:iam::123456789012:role/hptc/churn"},
    )


def there(spec: str, status: str) -> Unchanged:
    return Unchanged(
        spec=spec,
        file=f"specs/{spec}.yaml",
        name=f"{spec}-89abcdef",
        digest="89abcdef" * 8,
        arn=f"{ARN}{spec}-89abcdef",
        status=status,
        is_known_by_tag=True,
    )


def blocked(spec: str) -> Blocked:
    return Blocked(
        spec=spec,
        file=f"specs/{spec}.yaml",
        name=f"{spec}-76543210",
        digest="76543210" * 8,
        obstacle=Obstacle.STACK,
        reason=f"the stack `hptc-churn-dev-{spec}` is not deployed in us-east-1",
        help="`hptc deploy --env dev` first",
    )


def old(number: int, status: str, reason: StaleReason = StaleReason.SUPERSEDED) -> StaleJob:
    return StaleJob(
        name=f"churn-{number:08x}",
        status=status,
        created=datetime(2026, 3, 1, 12, tzinfo=UTC) - timedelta(days=number),
        reason=reason,
        spec="churn" if reason is StaleReason.SUPERSEDED else "specs/gone.yaml",
    )


BOUND = BoundSummary(
    region="us-east-1",
    usd_low=Decimal("10.60"),
    usd=Decimal("10.60"),
    instance_hours=Decimal("20.00"),
    price_dates=("2026-09-25", "2026-09-27"),
    price_origins=("prices.json",),
    missing=(),
)

EXPECTED = ExpectedCost(
    usd_low=Decimal("2.65"),
    usd=Decimal("3.18"),
    usd_high=Decimal("3.71"),
    instance_hours=Decimal("6.00"),
    training_jobs=20,
    seconds_each=1080,
    grounds=(
        EvidenceRun(
            name="churn-00000003",
            date="2026-02-26",
            is_same_content=False,
            training_jobs=20,
            seconds=18000,
        ),
        EvidenceRun(
            name="churn-00000004",
            date="2026-02-25",
            is_same_content=False,
            training_jobs=20,
            seconds=25200,
        ),
    ),
    assumptions=("training takes as long as it did with the earlier content",),
)

COST = PlannedCost(bound=BOUND, expected=EXPECTED)
NEW_COST = PlannedCost(bound=BOUND, expected=no_forecast("no earlier run is known"))

PRICELESS = PlannedCost(
    bound=replace(
        BOUND,
        usd_low=None,
        usd=None,
        price_dates=(),
        price_origins=(),
        missing=("the price of ml.c5.xlarge in us-east-1",),
    ),
    expected=no_forecast("no earlier run is known"),
)

ENDLESS = PlannedCost(
    bound=replace(
        PRICELESS.bound,
        instance_hours=None,
        missing=("the number of training jobs: the spec gives no number",),
    ),
    expected=no_forecast("no earlier run is known"),
)

EMPTY = Plan(
    place=PLACE,
    decisions=(),
    stale=StaleJobs(),
    stacks=StackStatuses(),
    is_whole_project=True,
)

DEPLOYED = StackStatus(name="hptc-churn-dev", state=StackState.DEPLOYED)

CASES = {
    "empty": EMPTY,
    "unchanged": replace(
        EMPTY,
        decisions=(there("churn", "InProgress"), there("a-longer-name", "Completed")),
        stacks=StackStatuses(needed=(DEPLOYED,)),
    ),
    "mixed": replace(
        EMPTY,
        decisions=(new("churn"), there("kept", "Completed"), blocked("late"), new("second")),
        stale=StaleJobs(
            jobs=(
                old(1, "InProgress"),
                old(2, "Stopping", StaleReason.ORPHANED),
                *(old(number, "Completed") for number in range(3, 15)),
            ),
            unchecked=4900,
        ),
        stacks=StackStatuses(
            needed=(
                DEPLOYED,
                StackStatus(name="hptc-churn-dev-late", state=StackState.MISSING),
                StackStatus(
                    name="hptc-churn-dev-taken",
                    state=StackState.FOREIGN,
                    owner="belongs to the project `other`, environment `dev`",
                ),
                StackStatus(
                    name="hptc-churn-dev-old",
                    state=StackState.INCOMPLETE,
                    missing_outputs=("ExecutionRoleArn",),
                ),
            ),
            orphaned=("hptc-churn-dev-gone",),
        ),
    ),
    "costs": replace(
        EMPTY,
        decisions=(replace(new("churn"), cost=COST), replace(new("second"), cost=NEW_COST)),
    ),
    "forecasts": replace(
        EMPTY,
        decisions=(replace(new("churn"), cost=COST), replace(new("second"), cost=COST)),
    ),
    "a cost unknown": replace(
        EMPTY,
        decisions=(replace(new("churn"), cost=COST), replace(new("second"), cost=PRICELESS)),
    ),
    "no end": replace(EMPTY, decisions=(replace(new("churn"), cost=ENDLESS), new("second"))),
    "restricted": replace(
        EMPTY,
        decisions=(new("churn"),),
        stacks=StackStatuses(
            needed=(DEPLOYED,),
            listing_error="not authorized to perform: cloudformation:DescribeStacks",
        ),
    ),
}
