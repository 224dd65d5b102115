"""Converts a `Document` to plain data, with a diagnostic for everything that is not supported.

Tags, merge keys and custom types are not supported, so nothing in a file can run code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from yaml.nodes import MappingNode, Node, ScalarNode

from hptc.diagnostics import (
    MAX_OF_CODE,
    Diagnostic,
    Finding,
    Path,
    ProjectPath,
    Related,
    more_findings,
)
from hptc.source.document import Document, at_span
from hptc.source.scalars import Scalar, resolve_plain
from hptc.source.templates import TemplateError
from hptc.source.text_files import MAX_BYTES
from hptc.source.yaml_nodes import MAX_VALUES, PLAIN, QUOTED

MAX_CHARACTERS = 4 * MAX_BYTES
"""The maximum after aliases and templates are expanded: one long value may have many aliases."""
MAX_TEMPLATE_CHARACTERS = 50_000
"""The maximum in a file's different templates, each of which is evaluated once, in linear time."""

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
    key_of_tag: Mapping[str, str] | None = None,
) -> tuple[Any, list[Diagnostic]]:
    """The plain data of a document at the path `at`: dict, list, str, int, float, bool, None.

    A number or boolean below a key in `verbatim` is a Scalar. `render` turns a string that contains
    `{{` into its value and raises TemplateError. It is called per scalar, after parsing, so a value
    can't inject structure. With `key_of_tag`, which excludes `render`, a value with one of its tags
    is a mapping with that key, as `!Ref x` is `{Ref: x}` in CloudFormation. No other tag is
    supported.
    """
    builder = _TaggedBuilder(document, key_of_tag) if key_of_tag else _Builder(document, render)
    node = document.node_at(at)
    for key in at:
        verbatim = _below(verbatim, key)
    data = builder.build(node, verbatim)
    return data, builder.all_diagnostics()


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
        self.values = 0
        self.characters = 0
        self.template_characters = 0
        self.counts: Counter[str] = Counter()
        self.first_omitted: dict[str, Node] = {}
        self.rendered: dict[str, Any] = {}
        self.is_too_large = False

    def all_diagnostics(self) -> list[Diagnostic]:
        """The diagnostics, and how many more there are of each code."""
        for code, node in self.first_omitted.items():
            message = more_findings(code, self.counts[code] - MAX_OF_CODE)
            self.diagnostics.append(self.diagnostic(code, message, node, ""))
        return self.diagnostics

    def build(self, node: Node | None, verbatim: VerbatimKeys | None) -> object:
        if self.is_too_large:
            return None
        if isinstance(node, ScalarNode):
            value = self.scalar(node, keep_text=verbatim is True)
            if isinstance(value, str):
                self.characters += len(value)
                if self.characters > MAX_CHARACTERS:
                    self.too_large(node, f"{MAX_CHARACTERS:,} characters")
                    return None
            return value
        if node is None:
            return None
        self.values += len(node.value) + 1
        if self.values > MAX_VALUES:
            self.too_large(node, f"{MAX_VALUES:,} values")
            return None
        if id(node) in self.open_nodes:
            self.report("HPT004", "this alias contains itself", node, "write the value out")
            return None
        if node.tag is not QUOTED:
            self.tag(node)
        self.open_nodes.add(id(node))
        if isinstance(node, MappingNode):
            data: Any = self.mapping(node, verbatim)
        else:
            data = [self.build(element, verbatim) for element in node.value]
        self.open_nodes.discard(id(node))
        return data

    def mapping(self, node: MappingNode, verbatim: VerbatimKeys | None) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                message = "a key must be a string, but this one is a list or a mapping"
                self.report("HPT005", message, key_node, "")
                continue
            key = key_node.value
            if key_node.tag not in (PLAIN, QUOTED):
                self.unsupported_tag(key_node)
            if key in data:
                self.duplicate(key_node, self.document.entries_of(node)[key][0])
                continue
            self.characters += len(key)
            if self.characters > MAX_CHARACTERS:
                self.too_large(key_node, f"{MAX_CHARACTERS:,} characters")
                break
            below = verbatim if verbatim is None or verbatim is True else _below(verbatim, key)
            data[key] = self.build(value_node, below)
        return data

    def scalar(self, node: ScalarNode, *, keep_text: bool) -> object:
        text: str = node.value
        value: Any = text
        if node.tag is PLAIN:
            if not text or text[0] in _NOT_PLAIN_TEXT:
                try:
                    value = resolve_plain(text)
                except ValueError as error:
                    self.report("HPT005", str(error), node, "")
                    return None
                if keep_text and isinstance(value, (int, float)):
                    return Scalar(text=text, value=value)
        elif node.tag is not QUOTED:
            self.tag(node)
        if (
            self.render is not None
            and isinstance(value, str)
            and "{" in text
            and ("{{" in text or "{%" in text or "{#" in text)
        ):
            value = self.template(self.render, node)
            if not keep_text and isinstance(value, Scalar):
                return value.value
        return value

    def template(self, render: Callable[[str], Any], node: ScalarNode) -> object:
        """The value of a template; the template itself if it has none."""
        text: str = node.value
        if text not in self.rendered:
            is_over = self.template_characters > MAX_TEMPLATE_CHARACTERS
            self.template_characters += len(text)
            if self.template_characters > MAX_TEMPLATE_CHARACTERS:
                if not is_over:
                    limit = f"{MAX_TEMPLATE_CHARACTERS:,} characters"
                    message = f"the file's templates have more than {limit} in total"
                    self.report("HPT007", message, node, "write the values out")
                return text
            try:
                self.rendered[text] = render(text)
            except TemplateError as error:
                self.rendered[text] = error
        value = self.rendered[text]
        if isinstance(value, TemplateError):
            self.report(value.code, value.message, node, value.help)
            return text
        return value

    def too_large(self, node: Node, limit: str) -> None:
        if not self.is_too_large:
            self.is_too_large = True
            message = f"the file has more than {limit} after its aliases and templates are expanded"
            advice = "write the values out, or use `defaults` in hptc.yaml"
            self.report("HPT004", message, node, advice)

    def tag(self, node: Node) -> None:  # of a value; that of a key is never supported
        self.unsupported_tag(node)

    def unsupported_tag(self, node: Node) -> None:
        written = node.tag.replace("tag:yaml.org,2002:", "!!")
        self.report("HPT005", f"the tag `{written}` is not supported", node, "remove the tag")

    def duplicate(self, key_node: ScalarNode, first: Node) -> None:
        message = f"duplicate key `{key_node.value}`"
        self.report("HPT003", message, key_node, "keep one of the two", first=first)

    def report(
        self, code: str, message: str, node: Node, advice: str, *, first: Node | None = None
    ) -> None:
        self.counts[code] += 1
        if self.counts[code] > MAX_OF_CODE:
            self.first_omitted.setdefault(code, node)
            return
        reported = self.diagnostic(code, message, node, advice)
        if first is not None:
            related = Related(span=self.document.span_of(first), message="first defined here")
            reported = replace(reported, label="duplicate", related=(related,))
        self.diagnostics.append(reported)

    def diagnostic(self, code: str, message: str, node: Node, advice: str) -> Diagnostic:
        finding = Finding(code=code, message=message, path=ProjectPath(), help=advice)
        return at_span(finding, self.document.span_of(node))


class _TaggedBuilder(_Builder):
    """Builds data in which some tags stand for a mapping with one key. It evaluates no template."""

    def __init__(self, document: Document, key_of_tag: Mapping[str, str]) -> None:
        super().__init__(document, None)
        self.key_of_tag = key_of_tag

    def build(self, node: Node | None, verbatim: VerbatimKeys | None) -> object:
        value = super().build(node, verbatim)
        key = self.key_of_tag.get(node.tag) if node is not None else None
        return value if key is None else {key: value}

    def tag(self, node: Node) -> None:
        if node.tag not in self.key_of_tag:
            super().tag(node)
