"""What hovering shows: a finding's rule, an instance type's price, a key's documentation."""

from __future__ import annotations

from collections.abc import Iterable

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hptc.catalog.instances import instance
from hptc.catalog.prices import PriceTable, packaged
from hptc.compiler.drafting import is_request
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Path, Span
from hptc.errors import HptcError
from hptc.frozen import frozen
from hptc.lsp.algorithm_facts import about, algorithm_in, note, path_in_spec, training_job_at
from hptc.lsp.key_schema import description
from hptc.lsp.range_words import range_in_words
from hptc.project.project_file import Project
from hptc.reference.rule_pages import is_code, page
from hptc.render.cost import dollars
from hptc.source.construction import construct_data
from hptc.source.document import Document


@frozen
class Hovered:
    """The text for a hover, in Markdown, and what it is about."""

    text: str
    span: Span


@frozen
class _Scalar:
    path: Path
    node: ScalarNode
    is_key: bool


def rule_text(codes: Iterable[str]) -> str:
    """The pages of the rules of findings."""
    return "\n\n---\n\n".join(page(code) for code in dict.fromkeys(codes) if is_code(code))


def hovered(
    document: Document,
    line: int,
    column: int,
    *,
    is_project: bool,
    in_project: Project | None,
    workspace: Workspace,
) -> Hovered | None:
    """The text for a place that has no finding. Lines and columns count from 0."""
    scalar = scalar_at(document.root, line, column)
    if scalar is None:
        return None
    text = ""
    if scalar.is_key:
        if is_project or not is_request(document):
            text = _hyperparameter(document, scalar.path, is_project, in_project, workspace)
            text = text or description(scalar.path, is_project=is_project)
            if scalar.path[-2:-1] == ("hyperparameters",):
                value, _ = construct_data(document, at=scalar.path)
                words = range_in_words(str(scalar.path[-1]), value)
                text = "\n\n".join(part for part in (text, words) if part)
    else:
        text = instance_text(scalar.node.value, prices(in_project, workspace), regions(in_project))
    return Hovered(text=text, span=document.span_of(scalar.node)) if text else None


def _hyperparameter(
    document: Document,
    written: Path,
    is_project: bool,
    in_project: Project | None,
    workspace: Workspace,
) -> str:
    """What the built-in algorithm accepts for a hyperparameter; empty for another key."""
    path = path_in_spec(written) if is_project else written
    if path is None or len(path) < 2 or path[-2] != "hyperparameters":
        return ""
    algorithm = algorithm_in(training_job_at(path, written, document, in_project, workspace))
    hyperparameter = algorithm.hyperparameter(str(path[-1])) if algorithm is not None else None
    if algorithm is None or hyperparameter is None:
        return ""
    heading = f"**{hyperparameter.name}** of {algorithm.title_in_version}"
    return f"{heading}: {note(algorithm, hyperparameter)}\n\n{about(algorithm, hyperparameter)}"


def instance_text(instance_type: str, table: PriceTable, regions: tuple[str, ...]) -> str:
    """The processor of an instance type and its price per hour; empty for another value."""
    type_ = instance(instance_type)
    if type_ is None:
        return ""
    storage = f", {type_.local_storage_gb} GB of local storage" if type_.local_storage_gb else ""
    lines = [f"**{instance_type}**: {_PROCESSORS[type_.processor]}{storage}"]
    for region in regions or tuple(table.regions):
        price = table.instance(region, instance_type)
        if price is not None:
            lines.append(
                f"{dollars(price.usd)} per hour in {region} ({price.date}, {price.origin})"
            )
    if len(lines) == 1:
        lines.append("price unknown; `hptc prices refresh` reads the prices of your Regions")
    return "\n\n".join(lines)


_PROCESSORS = {"cpu": "CPU", "gpu": "GPU", "trainium": "AWS Trainium"}


def prices(in_project: Project | None, workspace: Workspace) -> PriceTable:
    """A project's prices; hptc's own if its table can't be read."""
    try:
        return workspace.prices_of(in_project) if in_project is not None else packaged()
    except HptcError:
        return packaged()


def regions(in_project: Project | None) -> tuple[str, ...]:
    """The Regions of a project's environments."""
    if in_project is None:
        return ()
    return tuple(
        dict.fromkeys(environment.region for environment in in_project.file.environments.values())
    )


def scalar_at(root: Node | None, line: int, column: int) -> _Scalar | None:
    """The key or value at a place."""
    path: Path = ()
    node = root
    while isinstance(node, MappingNode | SequenceNode):
        step = _step(node, line, column)
        if step is None:
            return None
        part, node, is_key = step
        path = (*path, part)
        if is_key and isinstance(node, ScalarNode):
            return _Scalar(path=path, node=node, is_key=True)
    if isinstance(node, ScalarNode) and _covers(node, line, column):
        return _Scalar(path=path, node=node, is_key=False)
    return None


def _step(
    node: MappingNode | SequenceNode, line: int, column: int
) -> tuple[str | int, Node, bool] | None:
    if isinstance(node, SequenceNode):
        for index, element in enumerate(node.value):
            if _covers(element, line, column):
                return index, element, False
        return None
    for key, value in node.value:
        if isinstance(key, ScalarNode) and _covers(key, line, column):
            return key.value, key, True
        if isinstance(key, ScalarNode) and _covers(value, line, column):
            return key.value, value, False
    return None


def _covers(node: Node, line: int, column: int) -> bool:
    start, end = node.start_mark, node.end_mark
    return bool((start.line, start.column) <= (line, column) <= (end.line, end.column))
