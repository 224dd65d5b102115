"""What the rules about warm-start parents share: each parent's definition, path and findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hptc.diagnostics import Finding, Fix, RequestPath, Severity
from hptc.frozen import frozen
from hptc.project.references import latest_spec, written_reference
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule

_PARENTS = RequestPath(("WarmStartConfig", "ParentHyperParameterTuningJobs"))
_NAME = "HyperParameterTuningJobName"


@frozen
class Pair:
    """The definition of a tuning job, and that of one of its parents."""

    index: int  # of the parent in the request
    parent_name: str
    child: Definition
    parent: Definition


def pairs(context: Context) -> Iterator[Pair]:
    """The definitions to compare: those of parents that the project has, with one definition."""
    warm_start, child = context.job.warm_start, context.only_definition
    if warm_start is None or child is None:
        return
    for index, name in enumerate(warm_start.parents):
        parent = context.parents.get(name)
        match parent.definitions if parent is not None else ():
            case (definition,):
                name = written_reference(name)
                yield Pair(index=index, parent_name=name, child=child, parent=definition)


def parent_path(index: int) -> RequestPath:
    """The path of a parent's name."""
    return _PARENTS / index / _NAME


def parent_finding(
    rule: Rule,
    parent: str,
    message: str,
    path: RequestPath,
    *,
    label: str,
    help: str,
    fixes: tuple[Fix, ...] = (),
    on_key: bool = False,
) -> Finding:
    """A finding about a parent, given as a `Pair` names it. For `latest(SPEC)` it is a warning."""
    finding = rule.finding(message, path, label=label, help=help, fixes=fixes, on_key=on_key)
    return finding if latest_spec(parent) is None else replace(finding, severity=Severity.WARNING)
