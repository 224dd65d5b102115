"""Plans of every kind, as data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hptc.cost.bound import BoundSummary
from hptc.cost.forecast import EvidenceRun, ExpectedCost, no_forecast
from hptc.jobs.history import EarlierJob, EarlierJobs, Fate
from hptc.jobs.plan import AlreadyThere, Blocked, Obstacle, Place, Plan, ToSubmit
from hptc.jobs.plan_costs import PlannedCost
from hptc.stacks.status import PlannedStack, PlannedStacks, StackState

PLACE = Place(account="123456789012", region="us-east-1", project="churn", environment="dev")
ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/"


def new(spec: str) -> ToSubmit:
    return ToSubmit(
        spec=spec,
        file=f"specs/{spec}.yaml",
        name=f"{spec}-0123abcd",
        digest="0123abcd" * 8,
        commit="4e90625aaaaa",
        provided={"execution_role_arn": "arn:aws:iam::123456789012:role/hptc/churn"},
    )


def there(spec: str, status: str) -> AlreadyThere:
    return AlreadyThere(
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


def old(number: int, status: str, fate: Fate = Fate.SUPERSEDED) -> EarlierJob:
    return EarlierJob(
        name=f"churn-{number:08x}",
        status=status,
        created=datetime(2026, 3, 1, 12, tzinfo=UTC) - timedelta(days=number),
        fate=fate,
        spec="churn" if fate is Fate.SUPERSEDED else "specs/gone.yaml",
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
    earlier=EarlierJobs(),
    stacks=PlannedStacks(),
    is_whole_project=True,
)

DEPLOYED = PlannedStack(name="hptc-churn-dev", state=StackState.DEPLOYED)

CASES = {
    "empty": EMPTY,
    "unchanged": replace(
        EMPTY,
        decisions=(there("churn", "InProgress"), there("a-longer-name", "Completed")),
        stacks=PlannedStacks(needed=(DEPLOYED,)),
    ),
    "mixed": replace(
        EMPTY,
        decisions=(new("churn"), there("kept", "Completed"), blocked("late"), new("second")),
        earlier=EarlierJobs(
            jobs=(
                old(1, "InProgress"),
                old(2, "Stopping", Fate.ORPHANED),
                *(old(number, "Completed") for number in range(3, 15)),
            ),
            not_looked_at=4900,
        ),
        stacks=PlannedStacks(
            needed=(
                DEPLOYED,
                PlannedStack(name="hptc-churn-dev-late", state=StackState.MISSING),
                PlannedStack(
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
        stacks=PlannedStacks(
            needed=(DEPLOYED,),
            not_listed_because="not authorized to perform: cloudformation:DescribeStacks",
        ),
    ),
}
