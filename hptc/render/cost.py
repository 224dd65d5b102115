"""Cost bounds as text for people or as JSON for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from hptc.cost import Configuration, CostBound, Line, Most
from hptc.prices import Price
from hptc.render.diagnostics import printable

VERSION = 1
_WIDTH = 15


def render_costs(bounds: Sequence[tuple[str, CostBound]]) -> str:
    """The bounds of searches by their specs' names, and their sum where there are several."""
    text = "\n".join(render_cost(name, bound) for name, bound in bounds)
    if len(bounds) > 1:
        text += f"\n{_total([bound for _, bound in bounds])}\n"
    return text


def render_cost(name: str, bound: CostBound) -> str:
    """One bound: the verdict in the first line, then what it is made of."""
    lines = [f"{printable(name)}: {headline(bound)}"]
    rows = [("training jobs", _jobs(bound))]
    if bound.most is not None:
        rows += _most_rows(bound.most, bound)
    rows += [("unknown", missing) for missing in bound.missing]
    rows += [("assumes", assumption) for assumption in bound.assumptions]
    previous = ""
    for label, text in rows:
        lines.append(f"  {'' if label == previous else label:{_WIDTH}} {printable(text)}".rstrip())
        previous = label
    return "\n".join(lines) + "\n"


def headline(bound: CostBound) -> str:
    """The sum in a few words, always with its Region and the date of its prices."""
    most = bound.most
    if most is None:
        return "no bound on its cost"
    hours = f"{_number(most.instance_hours)} instance-hours"
    if most.usd is None:
        return f"at most {hours}; the price is not known"
    spot = f"from {dollars(most.usd_low)} at spot; " if most.usd_low != most.usd else ""
    return f"at most {dollars(most.usd)} ({spot}{hours}; {stand(bound.prices)})"


def stand(prices: Sequence[Price]) -> str:
    """Where prices hold, when, and who says so."""
    regions = " and ".join(dict.fromkeys(price.region for price in prices))
    dates = sorted({price.date for price in prices})
    dated = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    origins = " and ".join(dict.fromkeys(price.origin for price in prices))
    return f"{regions} prices of {dated}, from {origins}"


def dollars(usd: Decimal | None) -> str:
    """An amount as people write it."""
    return "unknown" if usd is None else f"${usd:,.2f}"


def costs_json(bounds: Sequence[tuple[str, CostBound]]) -> str:
    """The same as one JSON object; amounts are texts, so that nothing rounds them."""
    data = {
        "version": VERSION,
        "specs": [{"name": name, **cost_data(bound)} for name, bound in bounds],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def cost_data(bound: CostBound) -> dict[str, Any]:
    """A bound as JSON data; what is not known is null."""
    most = bound.most
    return {
        "region": bound.region,
        "usd": _text(most.usd) if most else None,
        "usd_low": _text(most.usd_low) if most else None,
        "instance_hours": _text(most.instance_hours) if most else None,
        "training_seconds": most.seconds if most else None,
        "is_cut_by_runtime": most.is_cut_by_runtime if most else None,
        "training_jobs": {
            "number": bound.training_jobs.number,
            "reason": bound.training_jobs.reason,
        },
        "parallel": bound.parallel,
        "configuration": _configuration_data(most.configuration) if most else None,
        "missing": list(bound.missing),
        "assumptions": list(bound.assumptions),
    }


def _configuration_data(configuration: Configuration) -> dict[str, Any]:
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


def _price_data(price: Price | None) -> dict[str, Any] | None:
    if price is None:
        return None
    return {
        "usd": f"{price.usd:f}",
        "region": price.region,
        "date": price.date,
        "origin": price.origin,
        "sources": list(price.sources),
    }


def _jobs(bound: CostBound) -> str:
    count = bound.training_jobs
    number = "not known" if count.number is None else f"{count.number}"
    return f"{number} ({count.reason}), {bound.parallel} at once"


def _most_rows(most: Most, bound: CostBound) -> list[tuple[str, str]]:
    configuration = most.configuration
    of = f", for `{configuration.definition}`" if configuration.definition else ""
    spot = ", at spot" if configuration.is_spot else ""
    each = " + ".join(_cluster(line) for line in configuration.lines)
    rows = [("each", f"at most {_duration(configuration.seconds)} on {each}{spot}{of}")]
    if most.is_cut_by_runtime and bound.search_seconds is not None:
        how = f"{bound.parallel} at once until the search ends, after at most "
        how += _duration(bound.search_seconds)
    else:
        how = f"{bound.training_jobs.number} x {_duration(configuration.seconds)}"
    rows.append(("together", f"{_duration(most.seconds)} of training ({how})"))
    hours = _number(most.instance_hours)
    rows.append(("instance-hours", hours))
    rows += [("prices", text) for text in dict.fromkeys(_prices(configuration))]
    if most.usd is not None:
        parts = f"{dollars(most.instances_usd)} instances + {dollars(most.volumes_usd)} volumes"
        rows.append(("sum", f"{parts}, each rounded up"))
    return rows


def _prices(configuration: Configuration) -> Iterator[str]:
    for line in configuration.lines:
        if line.price is not None:
            price = f"${line.price.usd:f} an hour in {line.price.region}, {line.price.date}"
            yield f"{line.instance_type}: {price}"
        if line.volume_price is not None:
            price = f"${line.volume_price.usd:f} a GB and month in {line.volume_price.region}"
            yield f"volume: {price}, {line.volume_price.date}"


def _cluster(line: Line) -> str:
    if line.volume_gb is None:
        volume = ", volume of AWS's choice"
    else:
        volume = f", {line.volume_gb} GB volume" if line.volume_gb else ""
    return f"{line.count} {line.instance_type}{volume}"


def _total(bounds: Sequence[CostBound]) -> str:
    known = [bound.most.usd for bound in bounds if bound.most and bound.most.usd is not None]
    if len(known) < len(bounds):
        unknown = len(bounds) - len(known)
        return f"{len(bounds)} searches: no sum, as the cost of {unknown} is not known"
    return f"{len(bounds)} searches: at most {dollars(sum(known, Decimal(0)))}"


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
