"""A `Document` in, its plain data out, with a diagnostic for everything that is refused.

No tags, no merge keys, no custom types: nothing that could run code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from yaml.nodes import MappingNode, Node, ScalarNode

from hptc.diagnostics import Diagnostic, Path, Related, Severity
from hptc.source.document import Document
from hptc.source.scalars import Scalar, resolve_plain
from hptc.source.yaml_nodes import PLAIN, QUOTED

MAX_NODES = 20_000
"""After aliases are followed: a bound on alias bombs. The largest request has a few thousand."""
MAX_TEMPLATES = 1_000
"""In one file: Jinja2 compiles each."""

ANY_KEY = "*"
VerbatimKeys: TypeAlias = "Mapping[str, VerbatimKeys] | Literal[True]"
"""The keys of a document whose numbers and booleans keep the text that the author wrote.

It mirrors the document's mappings: `True` covers a value and everything below it, and `ANY_KEY`
covers every key of a mapping by name.
"""

_NOT_PLAIN_TEXT = frozenset("-+.0123456789~nNtTfF")


def construct_data(
    document: Document,
    render: Callable[[str], Any] | None = None,
    *,
    at: Path = (),
    verbatim: VerbatimKeys | None = None,
) -> tuple[Any, list[Diagnostic]]:
    """A document's plain data: dict, list, str, int, float, bool, None, and Scalar where it counts.

    `render` turns a string that holds `{{` into its value, and raises ValueError with what is
    wrong. It is called per scalar, after parsing, so a value can't inject structure. `at` is a key
    path below which to construct.
    """
    builder = _Builder(document, render)
    node = document.node_at(at)
    for key in at:
        verbatim = _below(verbatim, key)
    data = builder.build(node, verbatim)
    return data, builder.diagnostics


def _below(verbatim: VerbatimKeys | None, key: str | int) -> VerbatimKeys | None:
    if verbatim is None or verbatim is True or isinstance(key, int):
        return verbatim
    return verbatim.get(key) or verbatim.get(ANY_KEY)


class _Builder:
    def __init__(self, document: Document, render: Callable[[str], Any] | None) -> None:
        self.document = document
        self.render = render
        self.diagnostics: list[Diagnostic] = []
        self.open_nodes: set[int] = set()
        self.count = 0
        self.templates = 0

    def build(self, node: Node | None, verbatim: VerbatimKeys | None) -> Any:
        if isinstance(node, ScalarNode):
            return self.scalar(node, keep_text=verbatim is True)
        if node is None:
            return None
        self.count += len(node.value) + 1
        if self.count > MAX_NODES or id(node) in self.open_nodes:
            if self.count <= MAX_NODES:
                self.report("HPT004", "an alias that contains itself", node, "write the value out")
            elif not any(d.code == "HPT004" for d in self.diagnostics):
                self.report(
                    "HPT004",
                    f"grows to more than {MAX_NODES:,} values once its aliases are followed",
                    node,
                    "write the values out, or use `defaults` in hptc.yaml",
                )
            return None
        if node.tag is not QUOTED:
            self.tag(node)
        self.open_nodes.add(id(node))
        if isinstance(node, MappingNode):
            data: Any = self.mapping(node, verbatim)
        else:
            data = [self.build(item, verbatim) for item in node.value]
        self.open_nodes.discard(id(node))
        return data

    def mapping(self, node: MappingNode, verbatim: VerbatimKeys | None) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.report("HPT005", "a key must be a word, not a list or a mapping", key_node, "")
                continue
            key = key_node.value
            if key_node.tag not in (PLAIN, QUOTED):
                self.tag(key_node)
            if key in data:
                self.duplicate(key_node, self.document.entries_of(node)[key][0])
                continue
            data[key] = self.build(value_node, _below(verbatim, key))
        return data

    def scalar(self, node: ScalarNode, *, keep_text: bool) -> Any:
        text: str = node.value
        if node.tag is PLAIN:
            if text and text[0] not in _NOT_PLAIN_TEXT:
                value: Any = text
            else:
                try:
                    value = resolve_plain(text)
                except ValueError as error:
                    self.report("HPT005", str(error), node, "")
                    value = None
                if keep_text and isinstance(value, (int, float)):
                    value = Scalar(text, value)
        elif node.tag is QUOTED:
            value = text
        else:
            self.tag(node)
            value = text
        if (
            self.render is not None
            and isinstance(value, str)
            and "{" in text
            and ("{{" in text or "{%" in text or "{#" in text)
        ):
            self.templates += 1
            if self.templates > MAX_TEMPLATES:
                if self.templates == MAX_TEMPLATES + 1:
                    self.report(
                        "HPT007",
                        f"more than {MAX_TEMPLATES:,} templates in one file",
                        node,
                        "compute the values outside, and write them out",
                    )
                return value
            try:
                value = self.render(text)
            except ValueError as error:
                message, _, advice = str(error).partition("\n")
                code = "HPT006" if "undefined" in message else "HPT007"
                self.report(code, message, node, advice)
            if not keep_text and isinstance(value, Scalar):
                value = value.value
        return value

    def tag(self, node: Node) -> None:
        written = node.tag.replace("tag:yaml.org,2002:", "!!")
        self.report("HPT005", f"the tag `{written}` has no meaning here", node, "remove the tag")

    def duplicate(self, key_node: ScalarNode, first: Node) -> None:
        self.diagnostics.append(
            Diagnostic(
                code="HPT003",
                severity=Severity.ERROR,
                message=f"the key `{key_node.value}` is written twice",
                span=self.document.span_of(key_node),
                label="again here",
                help="keep one of the two",
                related=(Related(span=self.document.span_of(first), message="first here"),),
            )
        )

    def report(self, code: str, message: str, node: Node, advice: str) -> None:
        self.diagnostics.append(
            Diagnostic(
                code=code,
                severity=Severity.ERROR,
                message=message,
                span=self.document.span_of(node),
                help=advice,
            )
        )
