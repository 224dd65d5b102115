"""Finds numbers that a metric's regular expression can't read, from the expression alone.

A script prints the same metric in several forms: Python prints 0.0001 as `0.0001` and 0.00001 as
`1e-05` (https://docs.python.org/3/library/stdtypes.html#float). Whether a form is likely is decided
by the metric's name, because most expressions on AWS's pages read only digits and a point, which is
enough for an accuracy.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hptc.frozen import frozen
from hptc.metrics.corrections import has_sign_before_group
from hptc.metrics.matching import matched_prefixes
from hptc.metrics.regex import Group, read

_DECIMALS = ("0.25", "0.123456")
_EXPONENTS = ("9.5e-05", "1.234567e-05")
_NEGATIVE = "-0.25"

_LOSSES = {"crossentropy", "divergence", "entropy", "kl", "kld", "mae", "mse", "nll", "rmse"}
_ERRORS = {"err", "error"}
_RATES = {"lr", "learningrate"}
_SIGNED = {
    *("corr", "corrcoef", "correlation", "cosine", "elbo", "kappa", "likelihood", "loglik"),
    *("loglikelihood", "logp", "logprob", "matthews", "mcc", "neg", "pearson", "pearsonr"),
    *("profit", "r2", "return", "returns", "reward", "rewards", "sharpe", "silhouette"),
    *("spearman", "spearmanr"),
}
_FRACTIONS = {"auc", "bleu", "dice", "f1", "iou", "ndcg", "precision", "recall"}


@frozen
class Unread:
    """A number that an expression doesn't read, and what it captures instead, if anything."""

    number: str
    captured: str = ""


@lru_cache(maxsize=1024)  # specs share their metrics, and each is compiled in every environment
def unread_number(metric: str, regex: str, *, is_objective: bool) -> Unread | None:
    """A number that the metric is likely to have, but that its expression doesn't read.

    Losses, errors and signed metrics only count as the objective: its values decide the tuning job,
    while others are only shown. A learning rate is nearly always small enough for an exponent.
    """
    group = read(regex).first
    if group is None or (group.ends and group.lazy_minimum is not None):
        return None  # a lazy group at the end reads no number at all
    words = _words(metric)
    if not is_objective:
        return _unread_exponent(group) if _is_rate(words) else None
    is_loss = bool(words & _LOSSES) or any(word.endswith("loss") for word in words)
    is_signed = bool(words & _SIGNED) and not has_sign_before_group(regex)
    unread = None
    if is_loss or words & (_FRACTIONS | _SIGNED):
        unread = _unread_fraction(group)
    if unread is None and is_signed:
        unread = _unread_sign(group)
    if unread is None and (is_loss or words & _ERRORS or _is_rate(words)):
        unread = _unread_exponent(group)
    return unread


def _words(metric: str) -> set[str]:
    separated = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", metric)
    return {word for text in (metric, separated) for word in re.split("[^a-z0-9]+", text.lower())}


def _is_rate(words: set[str]) -> bool:
    return bool(words & _RATES) or {"learning", "rate"} <= words


def _unread_fraction(group: Group) -> Unread | None:
    """Whether the group reads whole numbers only."""
    prefixes = matched_prefixes(group.node, _DECIMALS[0])
    if prefixes is not None and group.ends and max(prefixes, key=len, default="") == "0":
        return Unread(number=_DECIMALS[0], captured="0")
    return None


def _unread_sign(group: Group) -> Unread | None:
    if not _reads(group, _NEGATIVE.removeprefix("-")):
        return None
    prefixes = matched_prefixes(group.node, _NEGATIVE)
    return None if prefixes is None or _NEGATIVE in prefixes else Unread(number=_NEGATIVE)


def _unread_exponent(group: Group) -> Unread | None:
    # A fixed number of decimals, such as `\d\.\d{4}`, is that of a script that prints no exponent.
    if not all(_reads(group, number) for number in _DECIMALS):
        return None
    for number in _EXPONENTS:
        prefixes = matched_prefixes(group.node, number)
        if prefixes is not None and number not in prefixes:
            captured = max(prefixes, key=len, default="") if group.ends else ""
            return Unread(number=number, captured=captured)
    return None


def _reads(group: Group, number: str) -> bool:
    return number in (matched_prefixes(group.node, number) or ())
