"""The rows that a benchmark reports, and their text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from hptc.frozen import frozen


@frozen
class Ratio:
    """The CPU seconds of hptc and of the floor that it is compared with."""

    claim: str
    ours: float
    floor: float
    aim: float | None = None

    @property
    def value(self) -> float:
        """How many times the floor hptc takes."""
        return self.ours / self.floor


@frozen
class Growth:
    """The CPU seconds of one command by the number of specs, the smallest number first."""

    command: str
    seconds: Mapping[int, float]
    aim: float

    @property
    def milliseconds_per_spec(self) -> float:
        """At the smallest number of specs."""
        count, seconds = next(iter(self.seconds.items()))
        return 1000 * seconds / count

    @property
    def relative(self) -> dict[int, float]:
        """The cost per spec relative to the smallest number of specs."""
        base = self.milliseconds_per_spec
        return {count: 1000 * seconds / count / base for count, seconds in self.seconds.items()}


@frozen
class Note:
    """A line of text below a row."""

    text: str


@frozen
class Failure:
    """A measurement that failed, with the reason."""

    claim: str
    reason: str


@frozen
class Amount:
    """A number that is not compared with a floor, such as milliseconds or MB."""

    claim: str
    value: float
    unit: str
    aim: float | None = None


Row = Ratio | Growth | Amount | Note | Failure


HEADINGS: dict[type[Row], str] = {
    Ratio: f"{'CPU seconds of hptc and of the floor':<62} {'hptc':>8} {'floor':>8} {'ratio':>7}",
    Growth: "CPU time per spec at the smallest number of specs, and relative to it",
}
"""What is printed above the first row of a kind."""


def text(row: Row, *, has_aims: bool = True) -> str:
    """A row of the table, with its aim unless the sizes are too small for one."""
    match row:
        case Ratio():
            numbers = f"{row.ours:8.2f} {row.floor:8.2f} {row.value:7.2f}"
            verdict = _verdict(row.value, row.aim) if has_aims else ""
            return f"{row.claim:<62} {numbers} {verdict}".rstrip()
        case Growth():
            relative = "  ".join(f"{count:,}: {cost:.2f}" for count, cost in row.relative.items())
            verdict = _verdict(max(row.relative.values()), row.aim) if has_aims else ""
            smallest = f"{row.milliseconds_per_spec:.1f} ms"
            return f"{row.command:<16} {smallest:>10}  {relative}  {verdict}".rstrip()
        case Amount():
            verdict = _verdict(row.value, row.aim) if has_aims else ""
            return f"{row.claim}: {row.value:.0f} {row.unit}  {verdict}".rstrip()
        case Note():
            return row.text
        case Failure():
            reason = row.reason.replace("\n", "\n    ")
            return f"FAILED {row.claim}\n    {reason}"
        case _:
            assert_never(row)


def _verdict(value: float, aim: float | None) -> str:
    return "" if aim is None else f"aim {aim:g} {'met' if value <= aim else 'MISSED'}"
