"""The values that a hyperparameter of a built-in algorithm accepts.

A hyperparameter arrives as text. What XGBoost accepts is what its open-source container parses
(https://github.com/aws/sagemaker-xgboost-container): Python's `int`, `float` and literals, names in
their exact case, and lists without blanks. Other algorithms publish no code, so what the Developer
Guide does not rule out is accepted: `5.0` for an integer, `True` for `true`, blanks in a list.
"""

from __future__ import annotations

import ast
import builtins
import json
import math
import re
import warnings
from collections.abc import Iterable
from typing import Literal

from hptc.frozen import frozen
from hptc.text import listed_code

Certainty = Literal["certain", "documented"]
"""`certain` if the container is known to fail; `documented` if only the Developer Guide says so."""

Kind = Literal[
    "integer", "number", "choice", "text", "list", "json_list", "python_tuple", "python_nested_list"
]
_MAX_LIST_LENGTH = 8


@frozen
class Interval:
    """Numbers between two ends, unbounded on a side that is None. NaN is in every interval."""

    minimum: float | None = None
    maximum: float | None = None
    excludes_minimum: bool = False
    excludes_maximum: bool = False

    def __contains__(self, number: float) -> bool:
        return not (self.is_below(number) or self.is_above(number))

    def is_below(self, number: float) -> bool:
        """Whether a number is too small."""
        low = self.minimum
        return low is not None and (number < low or (self.excludes_minimum and number == low))

    def is_above(self, number: float) -> bool:
        """Whether a number is too large."""
        high = self.maximum
        return high is not None and (number > high or (self.excludes_maximum and number == high))

    @property
    def text(self) -> str:
        """The interval in a sentence: `at least 1`, `above 0 and at most 1`; empty if unbounded."""
        low, high = self.minimum, self.maximum
        if (
            low is not None
            and high is not None
            and not self.excludes_minimum | self.excludes_maximum
        ):
            return f"from {low:.15g} to {high:.15g}"
        ends = []
        if low is not None:
            ends.append(f"{'above' if self.excludes_minimum else 'at least'} {low:.15g}")
        if high is not None:
            ends.append(f"{'below' if self.excludes_maximum else 'at most'} {high:.15g}")
        return " and ".join(ends)


@frozen
class Scalar:
    """A single value: a number in an interval, one of several words, or a string.

    A word in `thresholded` is also accepted with `@` and a number, as in `error@0.7`. An integer is
    a multiple of `multiple_of`. A string matches `pattern`, as `example` does.
    """

    kind: Literal["integer", "number", "choice", "text"]
    interval: Interval = Interval()
    values: tuple[str, ...] = ()
    thresholded: tuple[str, ...] = ()
    multiple_of: int = 1
    pattern: str = ""
    example: str = ""

    def accepts(self, text: str, *, exactly: bool) -> bool:
        """Whether the text is one of the values; `exactly` as XGBoost's container reads it."""
        if self.kind == "choice":
            return self._is_word(text, exactly=exactly)
        if self.kind == "text":
            return not self.pattern or re.fullmatch(self.pattern, text) is not None
        number = parse_number(text, integer=self.kind == "integer", exactly=exactly)
        if number is None or number not in self.interval:
            return False
        return self.multiple_of == 1 or number % self.multiple_of == 0

    def _is_word(self, text: str, *, exactly: bool) -> bool:
        word, at, rest = text.partition("@")
        if at and self.thresholded:
            threshold = rest.partition("@")[0].strip()
            number = parse_number(threshold, integer=False, exactly=True)
            return word.strip() in self.thresholded and number is not None
        return text in self.values or (not exactly and _is_same_flag(text, self.values))

    @property
    def expected(self) -> str:
        """The values in a sentence: `an integer from 0 to 3`, `` `row` or `col` ``."""
        if self.kind == "choice":
            if len(self.values) > _MAX_LIST_LENGTH:
                return "one of its valid values"
            return listed_code(self.values, "or")
        if self.kind == "text":
            return f"a text such as `{self.example}`" if self.example else "a text"
        noun = "an integer" if self.kind == "integer" else "a number"
        if self.multiple_of != 1:
            noun = f"a multiple of {self.multiple_of}"
        text = self.interval.text
        return f"{noun} {'of ' if text.startswith('at ') else ''}{text}".rstrip()


@frozen
class SpecialValue:
    """A number with a meaning of its own, such as 0 for no limit."""

    value: float
    meaning: str

    @property
    def text(self) -> str:
        """The value and its meaning in a sentence: `0 means no limit`."""
        return f"{self.value:.15g} means {self.meaning}"


@frozen
class Hyperparameter:
    """A hyperparameter of an algorithm in one version.

    `scalar` is the value, or the element of a list. `also` are words that are accepted as well,
    such as `auto`. `aliases` are other names of the same hyperparameter. `special` are accepted
    numbers that are not a part of the scale.
    """

    name: str
    kind: Kind
    scalar: Scalar
    also: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    special: tuple[SpecialValue, ...] = ()
    certainty: Certainty = "documented"
    source: str = ""

    def accepts(self, text: str) -> bool:
        """Whether the algorithm accepts a value. True if that can't be decided."""
        exactly = self.certainty == "certain"
        if text in self.also:
            return True
        if self.kind == "list":
            parts = text.split(",") if exactly else list_elements(text)
            return all(self.scalar.accepts(part, exactly=exactly) for part in parts)
        if self.kind == "json_list":
            return self._accepts_json(text)
        if self.kind == "python_tuple":
            return self._accepts_python_tuple(text)
        if self.kind == "python_nested_list":
            return self._accepts_python_nested_list(text)
        return self.scalar.accepts(text, exactly=exactly)

    def as_listed(self, text: str) -> str:
        """The word of `scalar.values` that a value means: `True` for `true`, where both are one."""
        is_exact = self.certainty == "certain" or text in self.scalar.values
        if is_exact or not _is_same_flag(text, self.scalar.values):
            return text
        return next(value for value in self.scalar.values if value.lower() == text.lower())

    def _accepts_json(self, text: str) -> bool:
        try:
            elements = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(elements, list):
            return False
        texts = (
            element if isinstance(element, str) else json.dumps(element) for element in elements
        )
        return all(self.scalar.accepts(element, exactly=False) for element in texts)

    def _accepts_python_tuple(self, text: str) -> bool:
        try:
            value = _literal(text)
        except ValueError:
            return _may_be_evaluated(text)
        except (SyntaxError, TypeError, MemoryError, RecursionError):
            return False
        allowed = {float(value) for value in self.scalar.values}
        return isinstance(value, Iterable) and all(
            isinstance(element, int | float) and element in allowed for element in value
        )

    def _accepts_python_nested_list(self, text: str) -> bool:
        try:
            value = _literal(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return False
        if not isinstance(value, Iterable):
            return False
        outer = list(value)
        return all(
            isinstance(inner, Iterable)
            and all(
                isinstance(element, int | float) and element in self.scalar.interval
                for element in inner
            )
            for inner in outer
        )

    @property
    def lists_its_values(self) -> bool:
        """Whether `expected` names all values, because they are few or an interval."""
        return len(self.scalar.values) <= _MAX_LIST_LENGTH

    @property
    def requires_integers(self) -> bool:
        """Whether the container certainly fails on a number that is not whole."""
        return self.kind == "integer" and self.certainty == "certain"

    @property
    def interval(self) -> Interval | None:
        """The interval of a number; None for any other kind."""
        return self.scalar.interval if self.kind in ("integer", "number") else None

    @property
    def expected(self) -> str:
        """What a value must be, in a sentence."""
        elements = self.scalar.expected if self.lists_its_values else "valid values"
        elements = elements.replace("an integer", "integers").replace("a number", "numbers")
        expected = {
            "list": f"a comma-separated list of {elements}",
            "json_list": f"a JSON list of {elements}",
            "python_tuple": f"a list such as (1,0,-1), with elements {self.scalar.expected}",
            "python_nested_list": "a list of lists such as [[1,2],[3,4]], with integers "
            f"{self.scalar.interval.text}",
        }.get(self.kind, self.scalar.expected)
        words = [word for word in self.also if word]
        return f"{expected} or {listed_code(words, 'or')}" if words else expected


def list_elements(text: str) -> list[str]:
    """The elements of a comma-separated list, also of one in brackets, as AWS's SDK sends it."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return [part.strip().strip("\"'") for part in text.split(",")]


def parse_number(text: str, *, integer: bool, exactly: bool) -> float | None:
    """The number that Python parses from a text; None if it is not a number.

    Unless `exactly`, a whole number such as `5.0` is an integer too.
    """
    try:
        if not integer:
            return float(text)
        return int(text)
    except ValueError:
        if exactly or not integer:
            return None
    number = parse_number(text, integer=False, exactly=True)
    return number if number is not None and math.isfinite(number) and number % 1 == 0 else None


def _is_same_flag(text: str, values: tuple[str, ...]) -> bool:
    """Whether a text is `true` or `false` in another case, as Python and JSON spell them."""
    return text.lower() in ("true", "false") and text.lower() in {value.lower() for value in values}


def _literal(text: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return ast.literal_eval(text)


def _may_be_evaluated(text: str) -> bool:
    """Whether Python's `eval` may accept a text that is not a literal; False if it certainly fails.

    The container evaluates the text as an expression, so `(1,) * 4` is accepted.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(text.lstrip(" \t"), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    scopes = any(isinstance(node, ast.comprehension | ast.Lambda) for node in ast.walk(tree))
    return scopes or all(hasattr(builtins, name) for name in names)
