"""Dependencies between the settings of a training job: if some conditions hold, others must.

A usage is the weaker form: unless its conditions hold, some hyperparameters have no effect. A
condition is about a hyperparameter, the objective metric, the instances or an input channel. It
is true, false or, if a value is not known yet, undecided.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from hptc.catalog.accepted_values import Certainty, list_elements, parse_number
from hptc.frozen import frozen

Operator = Literal[
    "present",
    "absent",
    "in",
    "in_or_absent",
    "not_in_or_absent",
    "present_and_not_in",
    "starts_with_any",
    "has_element",
    "has_element_or_absent",
    "elements_in",
    "lacks_elements",
    "first_element_not_in",
    "length_equals",
    "count_of_elements_in_at_most",
    "less_than_hyperparameter",
    "at_most_hyperparameter",
    "at_least",
    "at_most",
    "greater_than",
    "less_than",
]
_TRUE_WHEN_ABSENT = (
    "absent",
    "in_or_absent",
    "not_in_or_absent",
    "has_element_or_absent",
    "lacks_elements",
)
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "greater_than": operator.gt,
    "less_than": operator.lt,
    "at_most_hyperparameter": operator.le,
    "less_than_hyperparameter": operator.lt,
}


class Subject(NamedTuple):
    """What a condition is about.

    `name` is the hyperparameter's; `objective` for the objective metric; `processor` or `count` for
    the instances; `train`, `train.content_type`, `train.input_mode` or `train.distribution` for a
    channel; and empty for the checkpoint configuration.
    """

    kind: Literal["hyperparameter", "metric", "instance", "channel", "checkpoint"]
    name: str


Assignment = Mapping[Subject, str | None]
"""The value of each subject that is set; None if it is set, but its value is not known."""


@frozen
class Clause:
    """One condition. `values` has one member for operators that compare with a single value."""

    subject: Subject
    operator: Operator
    values: tuple[str, ...] = ()
    at_most: int | None = None  # of count_of_elements_in_at_most

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects that the truth of the condition depends on."""
        if self.operator in ("less_than_hyperparameter", "at_most_hyperparameter"):
            return (self.subject, Subject("hyperparameter", self.values[0]))
        return (self.subject,)

    def truth(self, assignment: Assignment) -> bool | None:
        """Whether the condition holds; None if that depends on a value that is not known."""
        if self.subject not in assignment:
            return self.operator in _TRUE_WHEN_ABSENT
        if self.operator in ("present", "absent"):
            return self.operator == "present"
        value = assignment[self.subject]
        if value is None:
            return None
        if self.operator in ("in", "in_or_absent"):
            return value in self.values
        if self.operator in ("not_in_or_absent", "present_and_not_in"):
            return value not in self.values
        if self.operator == "starts_with_any":
            return value.startswith(self.values)
        if self.operator in _COMPARISONS:
            return self._truth_of_comparison(value, assignment)
        is_bracketed = value.startswith("[")
        return self._truth_of_elements(list_elements(value) if is_bracketed else value.split(","))

    def _truth_of_comparison(self, value: str, assignment: Assignment) -> bool | None:
        compared = self.values[0] if len(self.subjects) == 1 else assignment.get(self.subjects[1])
        left = parse_number(value, integer=False, exactly=True)
        right = parse_number(compared or "", integer=False, exactly=True)
        if left is None or right is None:
            return None
        return _COMPARISONS[self.operator](left, right)

    def _truth_of_elements(self, elements: list[str]) -> bool:
        if self.operator == "elements_in":
            return all(element in self.values for element in elements)
        if self.operator == "lacks_elements":
            return not any(element in self.values for element in elements)
        if self.operator == "first_element_not_in":
            return elements[0] not in self.values
        if self.operator == "length_equals":
            return str(len(elements)) == self.values[0]
        if self.operator == "count_of_elements_in_at_most":
            return sum(element in self.values for element in elements) <= (self.at_most or 0)
        return any(element in self.values for element in elements)  # has_element, or absent


@frozen
class Dependency:
    """If all `conditions` hold, all `requirements` must, or the training job fails.

    `reason` and `help`, if they are set, say why and what to do.
    """

    id: str
    conditions: tuple[Clause, ...]
    requirements: tuple[Clause, ...]
    certainty: Certainty
    reason: str = ""
    help: str = ""
    source: str = ""

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """Every subject of the conditions and the requirements, once."""
        clauses = (*self.conditions, *self.requirements)
        return tuple(dict.fromkeys(subject for clause in clauses for subject in clause.subjects))

    @cached_property
    def needed(self) -> frozenset[Subject]:
        """The subjects without which a condition does not hold, which are mostly not set."""
        clauses = (clause for clause in self.conditions if not clause.truth({}))
        return frozenset(clause.subject for clause in clauses)

    @cached_property
    def is_about_metric(self) -> bool:
        """Whether the dependency is about the objective metric."""
        clauses = (*self.conditions, *self.requirements)
        return any(clause.subject.kind == "metric" for clause in clauses)

    def violated(self, assignment: Assignment) -> Clause | None:
        """The first requirement that certainly does not hold; None if the conditions may not."""
        for clause in self.conditions:
            if not clause.truth(assignment):
                return None
        for clause in self.requirements:
            if clause.truth(assignment) is False:
                return clause
        return None


@frozen
class Usage:
    """The algorithm uses some hyperparameters only if all `conditions` hold."""

    hyperparameters: tuple[str, ...]
    conditions: tuple[Clause, ...]
    source: str = ""

    def unmet(self, possible: Mapping[Subject, Sequence[str | None]]) -> Clause | None:
        """The first condition that no training job meets, of the possible values of each subject.

        The conditions of a usage are about one subject each.
        """
        for clause in self.conditions:
            values = possible.get(clause.subject)
            assignments = [{clause.subject: value} for value in values] if values else [{}]
            if all(clause.truth(assignment) is False for assignment in assignments):
                return clause
        return None
