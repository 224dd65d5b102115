"""Costs of tuning jobs as text or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from hptc.catalog.prices import Price
from hptc.cost.bound import BoundSummary, Configuration, CostBound, Line, MaximumCost, summary
from hptc.cost.forecast import ExpectedCost, TotalCost, total_cost
from hptc.render.documents.envelope import document
from hptc.text import duration, plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.costs import (
        ConfigurationData,
        CostData,
        CostsData,
        ExpectedCostData,
        PriceData,
    )

_WIDTH = 15


class SpecCost(NamedTuple):
    """The cost bound of a spec, and its expected cost if past runs were read from AWS."""

    name: str
    bound: CostBound
    expected: ExpectedCost | None = None


def render_costs(costs: Sequence[SpecCost]) -> str:
    """The costs of specs, and their sum if there are several."""
    text = "\n".join(render_cost(*cost) for cost in costs)
    if len(costs) > 1:
        together = total_cost([(summary(cost.bound), cost.expected) for cost in costs])
        text += f"\n{plural(len(costs), 'tuning job')}: {total(together)}\n"
    return text


def render_cost(name: str, bound: CostBound, expected: ExpectedCost | None = None) -> str:
    """One cost: the maximum in the first line, then how it is calculated."""
    lines = [f"{printable(name)}: {headline(summary(bound))}"]
    rows = [] if expected is None else list(_expected_rows(expected))
    rows.append(("training jobs", _jobs(bound)))
    if bound.maximum is not None:
        rows += _maximum_rows(bound.maximum, bound)
    rows += [("unknown", missing) for missing in bound.missing]
    rows += [("assumptions", assumption) for assumption in bound.assumptions]
    previous = ""
    for label, text in rows:
        lines.append(f"  {'' if label == previous else label:{_WIDTH}} {printable(text)}".rstrip())
        previous = label
    return "\n".join(lines) + "\n"


def headline(bound: BoundSummary) -> str:
    """The maximum in a few words, with the Region and date of its prices."""
    if bound.instance_hours is None:
        return "unlimited cost"
    hours = hours_text(bound.instance_hours)
    if bound.usd is None:
        return f"at most {hours}; the price is unknown"
    spot = f"from {dollars(bound.usd_low)} at spot; " if bound.usd_low != bound.usd else ""
    prices = _price_sources([bound.region or ""], bound.price_dates, bound.price_origins)
    return f"at most {dollars(bound.usd)} ({spot}{hours}; {prices})"


def hours_text(hours: Decimal) -> str:
    """Instance-hours with their unit."""
    return f"{_number(hours)} instance-hours"


def price_sources(prices: Sequence[Price]) -> str:
    """The Regions, dates and sources of prices."""
    dates = sorted({price.date for price in prices})
    return _price_sources(
        [price.region for price in prices],
        dates[:1] + dates[1:][-1:],
        [price.origin for price in prices],
    )


def _price_sources(regions: Iterable[str], dates: Iterable[str], origins: Iterable[str]) -> str:
    """`dates` are the first and last one, or the only one."""
    places, sources = (" and ".join(dict.fromkeys(names)) for names in (regions, origins))
    return f"{places} prices of {' to '.join(dates)}, from {sources}"


def forecast(expected: ExpectedCost) -> str:
    """The expected cost in a few words with the runs it is based on, or why it is unknown."""
    if not expected.grounds:
        return expected.unknown
    same = all(ground.is_same_content for ground in expected.grounds)
    count = len(expected.grounds)
    runs = plural(count, "past run")
    by = f"based on {runs} of {'this' if same else 'earlier'} content"
    if expected.usd is None:
        hours = _number(expected.instance_hours or Decimal(0))
        return f"{hours} instance-hours, {by}; {expected.unknown}"
    amount = dollars(expected.usd)
    if expected.is_range:
        amount += f" (from {dollars(expected.usd_low)} to {dollars(expected.usd_high)})"
    return f"{amount}, {by}"


def total(cost: TotalCost) -> str:
    """The total cost of several specs, as far as it is known."""
    if cost.usd is None:
        text = f"no total: the cost of {cost.unknown} is unknown"
        hours = cost.instance_hours
        return text if hours is None else f"at most {_number(hours)} instance-hours; {text}"
    text = f"at most {dollars(cost.usd)}"
    return text if cost.expected_usd is None else f"{text}, expected {dollars(cost.expected_usd)}"


def dollars(usd: Decimal | None) -> str:
    """An amount in US dollars: `$1,234.50`."""
    return "unknown" if usd is None else f"${usd:,.2f}"


def costs_json(costs: Sequence[SpecCost]) -> str:
    """The costs as one JSON object. Amounts are strings, so no reader rounds them.

    `expected` is null unless past runs were read from AWS.
    """
    data: CostsData = {
        "specs": [
            {
                "name": name,
                **cost_data(bound),
                "expected": None if expected is None else _expected_data(expected),
            }
            for name, bound, expected in costs
        ],
    }
    return document("cost", data)


def cost_data(bound: CostBound) -> CostData:
    """A bound as JSON data; unknown values are null."""
    maximum = bound.maximum
    return {
        "region": bound.region,
        "usd": amount(maximum.usd) if maximum else None,
        "usd_low": amount(maximum.usd_low) if maximum else None,
        "instance_hours": amount(maximum.instance_hours) if maximum else None,
        "training_seconds": maximum.seconds if maximum else None,
        "is_cut_by_runtime": maximum.is_cut_by_runtime if maximum else None,
        "training_jobs": {
            "number": bound.training_jobs.number,
            "reason": bound.training_jobs.reason,
        },
        "parallel": bound.parallel,
        "configuration": _configuration_data(maximum.configuration) if maximum else None,
        "missing": list(bound.missing),
        "assumptions": list(bound.assumptions),
    }


def _configuration_data(configuration: Configuration) -> ConfigurationData:
    return {
        "definition": configuration.definition or None,
        "seconds_per_training_job": configuration.seconds,
        "is_spot": configuration.is_spot,
        "instances": [
            {
                "instance_type": line.instance_type,
                "instance_count": line.count,
                "usd_per_hour": _price_data(line.price),
                "volume_size_in_gb": line.volume_gb,
                "volume_usd_per_gb_month": _price_data(line.volume_price),
            }
            for line in configuration.lines
        ],
    }


def _price_data(price: Price | None) -> PriceData | None:
    if price is None:
        return None
    return {
        "usd": f"{price.usd:f}",
        "region": price.region,
        "date": price.date,
        "origin": price.origin,
        "sources": list(price.sources),
    }


def _expected_data(expected: ExpectedCost) -> ExpectedCostData:
    return {
        "usd_low": amount(expected.usd_low),
        "usd": amount(expected.usd),
        "usd_high": amount(expected.usd_high),
        "instance_hours": amount(expected.instance_hours),
        "training_jobs": expected.training_jobs,
        "seconds_each": expected.seconds_each,
        "grounds": [
            {
                "name": ground.name,
                "date": ground.date,
                "is_same_content": ground.is_same_content,
                "training_jobs": ground.training_jobs,
                "seconds": ground.seconds,
            }
            for ground in expected.grounds
        ],
        "assumptions": list(expected.assumptions),
        "unknown": expected.unknown,
    }


def _expected_rows(expected: ExpectedCost) -> Iterator[tuple[str, str]]:
    yield "expected", forecast(expected)
    if not expected.grounds:
        return
    product = f"{expected.training_jobs} x {duration(expected.seconds_each or 0)}"
    seen = sum(ground.training_jobs for ground in expected.grounds)
    yield "estimate", f"{product}, the mean of {plural(seen, 'training job')}"
    for ground in expected.grounds:
        content = "this content" if ground.is_same_content else "earlier content"
        took = f"{plural(ground.training_jobs, 'training job')} in {duration(ground.seconds)}"
        yield "based on", f"{ground.name} on {ground.date}: {took}, {content}"
    for assumption in expected.assumptions:
        yield "assuming", assumption


def _jobs(bound: CostBound) -> str:
    count = bound.training_jobs
    number = "unknown" if count.number is None else f"{count.number}"
    return f"{number} ({count.reason}), {bound.parallel} in parallel"


def _maximum_rows(maximum: MaximumCost, bound: CostBound) -> list[tuple[str, str]]:
    configuration = maximum.configuration
    of = f", for `{configuration.definition}`" if configuration.definition else ""
    spot = ", at spot" if configuration.is_spot else ""
    cluster = " + ".join(_cluster(line) for line in configuration.lines)
    rows = [("each", f"at most {duration(configuration.seconds)} on {cluster}{spot}{of}")]
    if maximum.is_cut_by_runtime and bound.max_runtime_seconds is not None:
        calculation = f"{bound.parallel} in parallel until the tuning job ends, after at most "
        calculation += duration(bound.max_runtime_seconds)
    else:
        calculation = f"{bound.training_jobs.number} x {duration(configuration.seconds)}"
    rows.append(("total", f"{duration(maximum.seconds)} of training ({calculation})"))
    hours = _number(maximum.instance_hours)
    rows.append(("instance-hours", hours))
    rows += [("prices", text) for text in dict.fromkeys(_prices(configuration))]
    if maximum.usd is not None:
        instances, volumes = dollars(maximum.instances_usd), dollars(maximum.volumes_usd)
        rows.append(("sum", f"{instances} for instances + {volumes} for volumes, each rounded up"))
    return rows


def _prices(configuration: Configuration) -> Iterator[str]:
    for line in configuration.lines:
        if line.price is not None:
            price = f"${line.price.usd:f} per hour in {line.price.region}, {line.price.date}"
            yield f"{line.instance_type}: {price}"
        if line.volume_price is not None:
            price = f"${line.volume_price.usd:f} per GB-month in {line.volume_price.region}"
            yield f"volume: {price}, {line.volume_price.date}"


def _cluster(line: Line) -> str:
    if line.volume_gb is None:
        volume = ", volume size chosen by AWS"
    else:
        volume = f", {line.volume_gb} GB volume" if line.volume_gb else ""
    return f"{line.count} {line.instance_type}{volume}"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def amount(value: Decimal | None) -> str | None:
    """An amount as JSON has it: a string, so that no reader rounds it."""
    return None if value is None else f"{value:f}"
