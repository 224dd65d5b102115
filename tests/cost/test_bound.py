"""Cost bounds, each worked out by hand from the round prices of tests/support/prices.py."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.catalog.prices import PriceTable, packaged
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.cost.bound import cost_bound, job_region, summary
from hptc.render.cost import SpecCost, costs_json, headline, render_costs
from hptc.request.tuning_job import TuningJob
from tests.support.costs import UNKNOWN, bound, job
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT
from tests.support.prices import PRICES, price_table
from tests.support.rule_cases import compile_case


class Worked(NamedTuple):
    what: str
    spec: str
    hours: str
    usd: str
    low: str | None = None


WORKED = [
    # 20 jobs x 1 h x ($0.50 + 30 GB x $0.001) = 20 x $0.53
    Worked("one instance", "{}", "20", "10.60"),
    # the tuning job ends after 6 h: 2 in parallel x 6 h = 12 h, less than 20 h; 12 x $0.53
    Worked("cut by the tuning job", "limits: {max_runtime: 6h}", "12", "6.36"),
    # the tuning job ends after 30 min, so does each of its jobs: 2 x 0.5 h x $0.53
    Worked("tuning job shorter than a training job", "limits: {max_runtime: 30m}", "1", "0.53"),
    # 20 jobs x 1 h x 2 instances x $0.53
    Worked("two instances", "training_job: {resources: {instance_count: 2}}", "40", "21.20"),
    # 20 jobs x 1 h x ($0.50 + 500 GB x $0.001) = 20 x $1.00
    Worked("volume", "training_job: {resources: {volume_size_in_gb: 500}}", "20", "20.00"),
    # 10 in parallel could run 60 h, but there are only 20 jobs of 1 h: 20 x $0.53
    Worked(
        "not cut by the tuning job",
        "limits: {max_runtime: 6h, max_parallel_training_jobs: 10}",
        "20",
        "10.60",
    ),
    # 20 jobs x 90 min = 30 h; 30 x $0.53
    Worked("ninety minutes", "training_job: {stopping: {max_runtime: 90m}}", "30", "15.90"),
    # no runtime, so one day each, 20 x 24 h = 480 h; 480 x $0.53
    Worked(
        "AWS's default runtime",
        "{limits: {max_runtime: null}, training_job: {stopping: {max_runtime: null}}}",
        "480",
        "254.40",
    ),
    # an hour: 2 x ($0.50 + $0.05) + 1 x ($4.00 + $0.05) = $5.15; 20 x $5.15, 3 instances x 20 h
    Worked(
        "groups",
        """
training_job:
  resources:
    instance_type: null
    instance_count: null
    volume_size_in_gb: 50
    instance_groups:
      workers: {instance_type: ml.m5.xlarge, instance_count: 2}
      trainer: {instance_type: ml.p3.2xlarge, instance_count: 1}
""",
        "60",
        "103.00",
    ),
    # g5 has local storage, so there is no volume: 20 x $1.40
    Worked(
        "local storage",
        "training_job: {resources: {instance_type: ml.g5.xlarge, volume_size_in_gb: null}}",
        "20",
        "28.00",
    ),
    # the most expensive of 1 x ($0.50 + $0.03), 3 x ($0.50 + $0.03) = $1.59 and 1 x ($1.00 + $0.03)
    Worked(
        "flexible instances",
        """
training_job:
  resources: null
  tuning_resources:
    instance_configs:
      - {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
      - {instance_type: ml.m5.xlarge, instance_count: 3, volume_size_in_gb: 30}
      - {instance_type: ml.m5.2xlarge, instance_count: 1, volume_size_in_gb: 30}
""",
        "60",
        "31.80",
    ),
    # the most expensive of 2 x ($0.50 + $0.03) and 2 x ($1.00 + $0.03); both have the same count
    Worked(
        "instance preferences",
        """
training_job:
  resources:
    instance_type: null
    instance_count: 2
    instance_preferences: [{instance_type: ml.m5.xlarge}, {instance_type: ml.m5.2xlarge}]
""",
        "40",
        "41.20",
    ),
    # the most expensive of 3 x ($0.50 + $0.03) and 1 x ($1.00 + $0.03)
    Worked(
        "instance preferences with their own counts",
        """
training_job:
  resources:
    instance_type: null
    instance_count: null
    instance_preferences:
      - {instance_type: ml.m5.2xlarge, instance_count: 1}
      - {instance_type: ml.m5.xlarge, instance_count: 3}
""",
        "60",
        "31.80",
    ),
    # at spot at least a tenth of the instances, and all of the volumes: 20 x ($0.05 + $0.03)
    Worked(
        "spot",
        "training_job: {spot: {max_wait_time: 2h}, checkpoint: {s3_uri: 's3://example/c/'}}",
        "20",
        "10.60",
        "1.60",
    ),
    # 3 x 2 points, each 1 h: 6 x $0.53
    Worked(
        "grid",
        """
strategy: Grid
limits: {max_number_of_training_jobs: null}
training_job:
  hyperparameters:
    rate: null
    depth: null
    layers: {type: Categorical, values: [1, 2, 3]}
    optimizer: {type: Categorical, values: [sgd, adam]}
""",
        "6",
        "3.18",
    ),
    # AWS allows 750 jobs, but 2 in parallel for a day are 48 h; 48 x $0.53
    Worked(
        "Hyperband without a number",
        """
strategy: Hyperband
hyperband: {max_resource: 9}
limits: {max_number_of_training_jobs: null}
""",
        "48",
        "25.44",
    ),
    # the same without an end: 750 x $0.53
    Worked(
        "Hyperband without an end",
        """
strategy: Hyperband
hyperband: {max_resource: 9}
limits: {max_number_of_training_jobs: null, max_runtime: null}
""",
        "750",
        "397.50",
    ),
    # no number, but a day, 2 in parallel: 48 x $0.53
    Worked(
        "bounded by its runtime alone",
        "limits: {max_number_of_training_jobs: null}",
        "48",
        "25.44",
    ),
    # retries are inside of the hour: 20 x $0.53
    Worked("retries", "training_job: {retry: {maximum_retry_attempts: 5}}", "20", "10.60"),
    # 20 jobs x (1 h + 30 min in the warm pool) = 30 h; 30 x $0.53
    Worked("warm pool", "training_job: {resources: {keep_alive_period: 30m}}", "30", "15.90"),
    # 20 of the most expensive: long runs 2 h at $0.53 = $1.06, dear 1 h at $1.03; 20 x $1.06
    Worked(
        "two definitions",
        """
training_jobs:
  long: {stopping: {max_runtime: 2h}}
  dear: {resources: {instance_type: ml.m5.2xlarge}}
""",
        "40",
        "21.20",
    ),
]


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: worked.what)
def test_worked_by_hand(worked: Worked) -> None:
    result = bound(worked.spec)
    assert result.maximum is not None
    assert result.missing == ()
    assert result.maximum.instance_hours == Decimal(worked.hours)
    assert result.maximum.usd == Decimal(worked.usd)
    assert result.maximum.usd_low == Decimal(worked.low or worked.usd)


PLAN = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/nightly"


@pytest.mark.parametrize("member", ["resources", "instances"])
def test_a_training_plan_is_billed_separately(member: str) -> None:
    base = job("{}")
    (definition,) = base.definitions
    (resources,) = definition.resources
    (instances,) = resources.instances
    if member == "resources":
        resources = replace(resources, training_plan_arn=PLAN)
    else:
        resources = replace(resources, instances=(replace(instances, training_plan_arn=PLAN),))
    planned = replace(base, definitions=(replace(definition, resources=(resources,)),))
    result = cost_bound(planned, "us-east-1", PRICES)
    assert result.missing == ("price of the training plan, which is billed separately",)
    assert result.maximum is not None
    assert result.maximum.usd is None
    assert result.prices == (PRICES.volume("us-east-1"),)


def test_a_bound_is_rounded_up() -> None:
    # 1 job x 1 s x ($0.50 + $0.03) / 3600 = $0.000147
    spec = """
limits: {max_number_of_training_jobs: 1, max_parallel_training_jobs: 1}
training_job: {stopping: {max_runtime: 1}}
"""
    most = bound(spec).maximum
    assert most is not None
    assert most.usd == Decimal("0.01")


@pytest.mark.parametrize(("spec", "prices", "hours", "missing"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_price_is_never_zero(
    spec: str, prices: PriceTable, hours: str, missing: list[str]
) -> None:
    result = bound(spec, prices)
    assert result.maximum is not None
    assert (result.maximum.usd, result.maximum.usd_low) == (None, None)
    assert result.maximum.instance_hours == Decimal(hours)
    assert list(result.missing) == missing


VOLUMES = {
    # (instance type, GB in the request, GB billed)
    "a size": ("ml.m5.xlarge", 30, 30),
    "local storage": ("ml.g5.xlarge", None, 0),
    "local storage, and a size": ("ml.g5.xlarge", 30, 0),
    "a type newer than the table": ("ml.x99.large", 30, 30),
    "no size": ("ml.m5.xlarge", None, None),
}


def on_instance(instance_type: str, volume_size_gb: int | None) -> TuningJob:
    """The base on other instances, whether or not a rule accepts them."""
    base = job("{}")
    (definition,) = base.definitions
    (resources,) = definition.resources
    (instances,) = resources.instances
    other = replace(instances, type=instance_type, volume_size_gb=volume_size_gb)
    resources = replace(resources, instances=(other,))
    return replace(base, definitions=(replace(definition, resources=(resources,)),))


@pytest.mark.parametrize(("instance_type", "size", "billed"), VOLUMES.values(), ids=VOLUMES)
def test_a_volume_is_billed_unless_the_instance_has_storage(
    instance_type: str, size: int | None, billed: int | None
) -> None:
    prices = price_table(m5_xlarge="0.50", g5_xlarge="1.40", x99_large="1.00")
    result = cost_bound(on_instance(instance_type, size), "us-east-1", prices)
    (configuration,) = result.configurations
    (line,) = configuration.lines
    assert line.volume_gb == billed
    # $0.001 a GB and hour
    expected = None if billed is None else Fraction(billed, 1000) / 3600
    assert configuration.volumes_usd_per_second == expected
    is_priced = billed != 0
    assert line.volume_price == (prices.volume("us-east-1") if is_priced else None)
    assert (prices.volume("us-east-1") in result.prices) is is_priced
    assert ("volumes are billed" in " ".join(result.assumptions)) is bool(billed)


def test_an_unknown_volume_price_matters_only_with_a_volume() -> None:
    prices = price_table(volume=None, g5_xlarge="1.40")
    result = cost_bound(on_instance("ml.g5.xlarge", 30), "us-east-1", prices)
    assert result.missing == ()
    assert result.maximum is not None
    assert result.maximum.usd == Decimal("28.00")


@pytest.mark.parametrize("prices", [PRICES, price_table(volume=None, m5_xlarge="0.50")])
def test_a_volume_of_unknown_size_leaves_the_cost_unknown(prices: PriceTable) -> None:
    result = cost_bound(on_instance("ml.m5.xlarge", None), "us-east-1", prices)
    assert result.maximum is not None
    assert result.maximum.usd is None
    assert len(result.missing) == 1
    assert "volume size of ml.m5.xlarge" in result.missing[0]


def test_without_a_region_a_volume_has_no_price() -> None:
    (configuration,) = cost_bound(job("{}"), None, PRICES).configurations
    assert [(line.price, line.volume_price) for line in configuration.lines] == [(None, None)]


@pytest.mark.parametrize("count", [1, 2])
def test_only_several_instance_configurations_need_an_assumption(count: int) -> None:
    configuration = "{instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}"
    result = bound(f"""
training_job:
  resources: null
  tuning_resources: {{instance_configs: [{", ".join([configuration] * count)}]}}
""")
    assumption = "every training job uses its most expensive instance configuration"
    assert (assumption in result.assumptions) is (count > 1)


def test_tuning_job_without_a_limit_has_no_bound() -> None:
    result = bound("limits: {max_number_of_training_jobs: null, max_runtime: null}")
    assert result.maximum is None
    (missing,) = result.missing
    assert missing == "number of training jobs not set in the spec, and no `limits.max_runtime`"


def test_autotune_without_a_number_is_not_counted() -> None:
    result = bound("{autotune: Enabled, limits: {max_number_of_training_jobs: null}}")
    assert (result.training_jobs.number, result.training_jobs.reason) == (
        None,
        "Autotune chooses it",
    )


def test_without_a_region_prices_are_unknown() -> None:
    result = cost_bound(job("{}"), None, PRICES)
    assert result.maximum is not None
    assert result.maximum.usd is None
    assert result.missing == ("Region unknown: no environment, and no image in Amazon ECR",)


def test_region_comes_from_the_environment_or_the_image() -> None:
    compiled = compile_case("{}")
    compiled = succeeded(compiled)
    assert job_region(compiled.job, compiled.environment) == "us-east-1"
    assert job_region(compiled.job, None) == "us-east-1"


@given(
    number=st.integers(1, 750),
    parallel=st.integers(1, 10),
    minutes=st.integers(2, 600),
    count=st.integers(1, 20),
    more=st.integers(1, 50),
)
def test_more_never_costs_less(
    number: int, parallel: int, minutes: int, count: int, more: int
) -> None:
    def most(number: int, parallel: int, minutes: int, count: int) -> Decimal:
        spec = {
            "strategy": "Random",
            "limits": {
                "max_number_of_training_jobs": number,
                "max_parallel_training_jobs": min(parallel, number),
            },
            "training_job": {
                "stopping": {"max_runtime": minutes * 60},
                "resources": {"instance_count": count},
            },
        }
        result = bound(json.dumps(spec)).maximum
        assert result is not None
        assert result.usd is not None
        return result.usd

    least = most(number, parallel, minutes, count)
    assert most(min(number + more, 750), parallel, minutes, count) >= least
    assert most(number, min(parallel + more, 100), minutes, count) >= least
    assert most(number, parallel, min(minutes + more, 1440), count) >= least
    assert most(number, parallel, minutes, count + more) >= least


RENDERED = ("one instance", "groups", "spot", "Hyperband without a number", "two definitions")


@pytest.mark.parametrize("what", RENDERED)
def test_rendered(what: str, golden: Golden) -> None:
    worked = next(example for example in WORKED if example.what == what)
    result = bound(worked.spec)
    golden(f"cost/{what.replace(' ', '-')}.txt", render_costs([SpecCost("churn", result)]))
    golden(f"cost/{what.replace(' ', '-')}.json", costs_json([SpecCost("churn", result)]))


def test_rendered_unknown(golden: Golden) -> None:
    spec, prices, _, _ = UNKNOWN["one of a cluster"]
    results = [SpecCost("churn", bound("{}")), SpecCost("other", bound(spec, prices))]
    golden("cost/unknown.txt", render_costs(results))
    golden("cost/unknown.json", costs_json(results))


def test_rendered_sum(golden: Golden) -> None:
    golden("cost/sum.txt", render_costs([SpecCost(name, bound("{}")) for name in "ab"]))


def test_example_in_the_docs_is_up_to_date() -> None:
    workspace = Workspace(environment="dev")
    compiled = compile_file(str(ROOT / "specs" / "direct-marketing-xgboost.yaml"), workspace)
    compiled = succeeded(compiled)
    result = cost_bound(compiled.job, job_region(compiled.job, compiled.environment), packaged())
    line = f"{compiled.name}: {headline(summary(result))}"
    assert line in (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
