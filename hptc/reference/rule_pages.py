"""Rules as pages of Markdown: `hptc explain`, docs/rules.md, and the help texts in SARIF."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hptc.diagnostics import nearest
from hptc.errors import UsageError
from hptc.rules import RULES
from hptc.rules.codes import CODES, LanguageCode
from hptc.rules.rule import Documentation, Rule
from hptc.text import shortened

_FOLDER = Path(__file__).parent / "example_bases"
REQUEST_BASE = "request"
BASES = (
    "custom-image",
    "algorithm-resource",
    "deepar",
    "file-system",
    "image-classification",
    "instance-groups",
    "kmeans",
    "lda",
    "random-cut-forest",
    "xgboost",
    REQUEST_BASE,
)
"""The bases of examples, in the order of the docs page; example_bases/ has a file for each."""


def page(code: str) -> str:
    """One code's page, followed by the bases of its examples. Raises UsageError if unknown."""
    known = {entry.code: entry for entry in _entries()}
    entry = known.get(code.upper())
    if entry is None:
        meant = nearest(code.upper(), tuple(known))
        advice = f"did you mean {meant}? " if meant else ""
        raise UsageError(
            f"`{shortened(code, 60)}` is not a rule code",
            help=f"{advice}`hptc explain --all` lists every code",
        )
    bases = _bases(entry.documentation) if isinstance(entry, Rule) else ()
    return "\n".join([_page(entry), *(_base_page(base) for base in bases)])


def pages() -> str:
    """Every page in the order of the codes, then every base."""
    head = (
        "## Base specs\n\n"
        "Each example is merged over one of these, as a JSON merge patch: `null` removes a key.\n"
    )
    return "\n".join([*map(_page, _entries()), head, *(_base_page(base) for base in BASES)])


def is_code(code: str) -> bool:
    """Whether a text is a code that `page` knows."""
    return any(entry.code == code for entry in _entries())


def summary(code: str) -> str:
    """A code's one-line summary."""
    return next((_summary(entry) for entry in _entries() if entry.code == code), code)


def heading(code: str) -> str:
    """The heading of a code's page."""
    return f"{code}: {summary(code).removesuffix('.')}"


@cache
def base_text(name: str) -> str:
    """The YAML of a base, without the comment that describes it."""
    return _read_base(name)[1]


def _read_base(name: str) -> tuple[str, str]:
    """A base's description and its YAML."""
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    description, _, body = text.partition("\n")
    return description.removeprefix("# "), body


def _base_page(name: str) -> str:
    description, text = _read_base(name)
    return f"### Base `{name}`\n\n{description}\n\n```yaml\n{text}```\n"


def _bases(documentation: Documentation) -> list[str]:
    return list(dict.fromkeys((documentation.bad.base, documentation.good.base)))


def _entries() -> list[Rule | LanguageCode]:
    return sorted((*CODES, *RULES), key=lambda entry: entry.code)


def _summary(entry: Rule | LanguageCode) -> str:
    return entry.documentation.summary if isinstance(entry, Rule) else entry.summary


def _page(entry: Rule | LanguageCode) -> str:
    if isinstance(entry, LanguageCode):
        return f"## {heading(entry.code)}\n\n{entry.explanation}\n"
    documentation = entry.documentation
    bad, good = documentation.bad, documentation.good
    if bad.base == good.base:
        bases, bad_base, good_base = f"The examples are {_over(bad.base)}.\n\n", "", ""
    else:
        bases, bad_base, good_base = "", f", {_over(bad.base)}", f", {_over(good.base)}"
    return (
        f"## {heading(entry.code)}\n\n"
        f"*{entry.severity.value}* · `{entry.name}`\n\n"
        f"{documentation.explanation}\n\n"
        f"{bases}"
        f"Bad{bad_base}:\n\n```yaml\n{bad.text}```\n\n"
        f"Good{good_base}:\n\n```yaml\n{good.text}```\n"
    )


def _over(base: str) -> str:
    return f"merged over the base [`{base}`](#base-{base})"
