"""Cost bounds of specs over the base of tests/rules."""

from __future__ import annotations

from hptc.catalog.prices import PriceTable
from hptc.cost.bound import CostBound, cost_bound
from hptc.request.tuning_job import TuningJob
from tests.support.outcomes import succeeded
from tests.support.prices import PRICES, price_table
from tests.support.rule_cases import compile_case


def job(spec: str) -> TuningJob:
    """A spec over the base of tests/rules: 20 jobs, 2 in parallel, 1 h each, 1 d in all, 30 GB."""
    compiled = compile_case(spec)
    compiled = succeeded(compiled)
    return compiled.job


def bound(spec: str, prices: PriceTable = PRICES) -> CostBound:
    return cost_bound(job(spec), "us-east-1", prices)


UNKNOWN = {
    "price": ("{}", price_table(m5_2xlarge="1"), "20", ["no price of ml.m5.xlarge in us-east-1"]),
    "volume": (
        "{}",
        price_table(volume=None, m5_xlarge="1"),
        "20",
        ["no price of training volumes in us-east-1"],
    ),
    "one of a cluster": (
        """
training_job:
  resources:
    instance_type: null
    instance_count: null
    instance_groups:
      a: {instance_type: ml.m5.xlarge, instance_count: 2}
      b: {instance_type: ml.c5.xlarge, instance_count: 1}
""",
        PRICES,
        "60",
        ["no price of ml.c5.xlarge in us-east-1"],
    ),
    "one of the alternatives": (
        """
training_job:
  resources: null
  tuning_resources:
    instance_configs:
      - {instance_type: ml.c5.xlarge, instance_count: 1, volume_size_in_gb: 30}
      - {instance_type: ml.m5.xlarge, instance_count: 3, volume_size_in_gb: 30}
""",
        PRICES,
        "60",
        ["no price of ml.c5.xlarge in us-east-1"],
    ),
}
