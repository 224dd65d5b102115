"""Rules to pages of text: `hptc explain`, docs/rules.md, and the help that SARIF carries."""

from __future__ import annotations

from hptc.diagnostics import nearest
from hptc.errors import UsageError
from hptc.rules import RULES
from hptc.rules.codes import CODES, LanguageCode
from hptc.rules.rule import Rule


def page(code: str) -> str:
    """One code's page in Markdown. Raises UsageError for a code that is not there."""
    known = {entry.code: entry for entry in _entries()}
    entry = known.get(code.upper())
    if entry is None:
        meant = nearest(code.upper(), tuple(known))
        advice = f"did you mean {meant}? " if meant else ""
        raise UsageError(
            f"there is no code `{code}`", help=f"{advice}`hptc explain --all` lists them"
        )
    return _page(entry)


def pages() -> str:
    """Every page, in the order of the codes."""
    return "\n".join(_page(entry) for entry in _entries())


def summary(code: str) -> str:
    """A code's one line."""
    return next((_summary(entry) for entry in _entries() if entry.code == code), code)


def _entries() -> list[Rule | LanguageCode]:
    return sorted((*CODES, *RULES), key=lambda entry: entry.code)


def _summary(entry: Rule | LanguageCode) -> str:
    return entry.documentation.summary if isinstance(entry, Rule) else entry.summary


def _page(entry: Rule | LanguageCode) -> str:
    if isinstance(entry, LanguageCode):
        return f"## {entry.code}: {entry.summary}\n\n{entry.explanation}\n"
    documentation = entry.documentation
    return (
        f"## {entry.code}: {documentation.summary.removesuffix('.')}\n\n"
        f"*{entry.severity.value}* · `{entry.name}`\n\n"
        f"{documentation.explanation}\n\n"
        f"Bad:\n\n```yaml\n{documentation.bad}```\n\n"
        f"Good:\n\n```yaml\n{documentation.good}```\n"
    )
