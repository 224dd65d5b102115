"""The results of testing metric definitions on a log."""

from __future__ import annotations

from hptc.frozen import frozen
from hptc.request.tuning_job import Metric


@frozen
class Captured:
    """The text that the first group captured in a line; line numbers start at 1."""

    line: int
    text: str
    number: str = ""  # if the text is only a part of the number in the line: `9.5e-05` of `9.5`


@frozen
class Examples:
    """The lines of a log that have something in common: how many there are, and the first few."""

    count: int = 0
    first: tuple[Captured, ...] = ()


_NONE = Examples()


@frozen
class MetricResult:
    """What the expression of one metric definition matched."""

    metric: Metric
    is_objective: bool = False
    matches: int = 0  # matching lines; the next four are among them
    without_group: int = 0  # lines without a captured group
    numbers: Examples = _NONE  # lines whose first group captured a number
    misread: Examples = _NONE  # of `numbers`, those with only a part of the number in the line
    wrong: Examples = _NONE  # lines whose first group captured something else
    last: Captured | None = None  # of `numbers`
    names: tuple[Captured, ...] = ()  # of several metrics that it reads, each in its first line
    missed: Examples = _NONE  # lines that don't match because the group can't read their number
    not_finite: Examples = _NONE  # lines that don't match because their value is nan or inf
    similar: tuple[Captured, ...] = ()  # if none matches: lines with words of the metric's name
    corrected_regex: str = ""  # captures the whole number on all of these lines; "" if unknown
    fault: str = ""  # why it did not run completely

    @property
    def is_right(self) -> bool:
        """Whether it captures all of the numbers that it should, and nothing else."""
        has_faults = self.wrong.count or self.misread.count or self.missed.count
        return bool(self.numbers.count) and not (self.fault or has_faults or self.names)
