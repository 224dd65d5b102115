"""YAML or JSON text in; plain data out, and the span of every key and value on demand.

Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), not
PyYAML's 1.1: `no` is a string and `1e-4` a number. It reads text only: no tags, no merge keys,
no custom types, nothing that could run code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hptc.diagnostics import Diagnostic, Finding, Path, Related, Severity, Span
from hptc.errors import UsageError

MAX_BYTES = 1_000_000
"""A request is far smaller; a larger file is a mistake or an attack."""
MAX_DEPTH = 64
"""libyaml's composer recurses in C and crashes the interpreter on deep nesting."""
MAX_NODES = 20_000
"""After aliases are followed: a bound on alias bombs. The largest request has a few thousand."""
MAX_TEMPLATES = 1_000
"""In one file: Jinja2 compiles each."""

VERBATIM_KEYS = frozenset(
    {"hyperparameters", "environment", "tags", "variables", "version", "account"}
)
"""Below these keys a number or boolean keeps the text that the author wrote."""

_PLAIN = "plain"
_QUOTED = "quoted"
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_PLAIN_TEXT = frozenset("-+.0123456789~nNtTfF")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number or boolean with the text that the author wrote: the API's values are text."""

    text: str
    value: int | float | bool


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: its text, and what is read from it when someone asks."""

    file: str
    text: str
    _root: list[Node | None] = field(default_factory=list, repr=False, compare=False)
    _lines: list[str] = field(default_factory=list, repr=False, compare=False)
    _entries: dict[int, dict[str, tuple[Node, Node]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def root(self) -> Node | None:
        """The text's nodes; None where it has none, or is not YAML."""
        if not self._root:
            try:
                self._root.append(_compose(self.text))
            except (_TooDeep, yaml.YAMLError):
                self._root.append(None)
        return self._root[0]

    def forget(self) -> None:
        """Let go of what can be read again: nodes are most of what a run would keep in memory."""
        self._root.clear()
        self._lines.clear()
        self._entries.clear()

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Where `path` stands, or the deepest part of it that is there. `key`: its key instead."""
        found = self._find(path)
        return self._span_of(found[1] if key and found[1] is not None else found[0])

    def has(self, path: Path) -> bool:
        """Whether every part of `path` is written in this document."""
        return self._find(path)[2] == len(path)

    def top_level_keys(self) -> list[str]:
        """The top-level keys, as they are written."""
        if not isinstance(self.root, MappingNode):
            return []
        return [key.value for key, _ in self.root.value if isinstance(key, ScalarNode)]

    def depth_of(self, path: Path) -> int:
        """How many parts of `path` are written in this document."""
        return self._find(path)[2]

    def _find(self, path: Path) -> tuple[Node | None, Node | None, int]:
        node, key_node = self.root, None
        for depth, part in enumerate(path):
            if isinstance(node, MappingNode):
                entry = self._entries_of(node).get(part) if isinstance(part, str) else None
                if entry is None:
                    return node, key_node, depth
                key_node, node = entry
            elif (
                isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value)
            ):
                node, key_node = node.value[part], None
            else:
                return node, key_node, depth
        return node, key_node, len(path)

    def _entries_of(self, mapping: MappingNode) -> dict[str, tuple[Node, Node]]:
        """A mapping's entries by key; the first counts where a key stands twice."""
        if id(mapping) not in self._entries:
            self._entries[id(mapping)] = {
                key.value: (key, value)
                for key, value in reversed(mapping.value)
                if isinstance(key, ScalarNode)
            }
        return self._entries[id(mapping)]

    def _span_of(self, node: Node | None) -> Span:
        if node is None:
            return self.span_at(0, 0, 0, 0)
        start, end = node.start_mark, node.end_mark
        if not isinstance(node, ScalarNode) and end.line != start.line:
            # A block's own end lies on the next thing; its first line says where it is.
            return self.span_at(start.line, start.column, start.line, len(self._line(start.line)))
        return self.span_at(start.line, start.column, end.line, end.column)

    def span_at(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """A span from marks that count from 0."""
        return Span(
            file=self.file,
            line=line + 1,
            column=column + 1,
            end_line=end_line + 1,
            end_column=end_column + 1,
            source=self._line(line),
        )

    def _line(self, number: int) -> str:
        if not self._lines:
            self._lines.extend(self.text.splitlines() or [""])
        return self._lines[number] if number < len(self._lines) else ""


class _TooDeep(Exception):
    """Raised out of libyaml's composer, at the place given by `mark`."""


class _Loader(CParser):
    """libyaml's parser and composer with nothing of PyYAML's tag resolution."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(self, kind: type[Node], _value: object, implicit: tuple[bool, bool]) -> str:
        return _PLAIN if kind is ScalarNode and implicit[0] else _QUOTED

    def descend_resolver(self, _parent: Node | None, _index: object) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeep

    def ascend_resolver(self) -> None:
        self._depth -= 1


def read(path: str) -> str:
    """The text of a file. Raises UsageError when it is unreadable, not UTF-8 or too large."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - a Path costs as much as the read
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from None
    return decode(raw, path)


def decode(raw: bytes, name: str) -> str:
    """Bytes as text, held to the same limits as a file."""
    if len(raw) > MAX_BYTES:
        raise UsageError(
            f"{name}: larger than {MAX_BYTES:,} bytes, which no tuning spec is",
            help="split the file, or check that this is the one you meant",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name}: is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}",
            help="save the file as UTF-8",
        ) from None


def parse(text: str, file: str) -> tuple[Document, list[Diagnostic]]:
    """Text to a document. A document with a syntax error has no root."""
    if text.lstrip()[:1] == "{" and "\\u" in text:
        # JSON writes characters beyond the first plane as two escapes; YAML knows one only.
        text = _SURROGATES.sub(lambda pair: _join_surrogates(pair[1], pair[2]), text)
    blank = Document(file, text, [None])
    try:
        root = _compose(text)
    except _TooDeep:
        message = f"nested more than {MAX_DEPTH} levels deep"
        return blank, [_syntax(blank, message, 0, 0, help="no tuning spec needs that; flatten it")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        problem = error.problem or error.context or "not YAML"
        return blank, [
            _syntax(blank, f"not valid YAML: {problem}", line, column, help=_hint(problem))
        ]
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode()  # libyaml counts bytes
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        message = f"has the character U+{error.character:04X}, which YAML does not allow"
        return blank, [
            _syntax(blank, message, line, column, help="remove it, or escape it in double quotes")
        ]
    except yaml.YAMLError as error:
        return blank, [_syntax(blank, f"not valid YAML: {error}", 0, 0)]
    return Document(file, text, [root]), []


def _compose(text: str) -> Node | None:
    return _Loader(text).get_single_node()


def construct(
    document: Document,
    render: Callable[[str], Any] | None = None,
    *,
    at: Path = (),
) -> tuple[Any, list[Diagnostic]]:
    """A document's plain data: dict, list, str, int, float, bool, None, and Scalar where it counts.

    `render` turns a string that holds `{{` into its value, and raises ValueError with what is
    wrong. It is called per scalar, after parsing, so a value can't inject structure. `at` is a key
    path below which to construct.
    """
    builder = _Builder(document, render)
    node = document._find(at)[0] if document.has(at) else None
    data = builder.build(node, verbatim=bool(VERBATIM_KEYS.intersection(at)))
    return data, builder.diagnostics


class _Builder:
    def __init__(self, document: Document, render: Callable[[str], Any] | None) -> None:
        self.document = document
        self.render = render
        self.diagnostics: list[Diagnostic] = []
        self.open_nodes: set[int] = set()
        self.count = 0
        self.templates = 0

    def build(self, node: Node | None, *, verbatim: bool) -> Any:
        if isinstance(node, ScalarNode):
            return self.scalar(node, verbatim=verbatim)
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
        if node.tag is not _QUOTED:
            self.tag(node)
        self.open_nodes.add(id(node))
        if isinstance(node, MappingNode):
            data: Any = self.mapping(node, verbatim=verbatim)
        else:
            data = [self.build(item, verbatim=verbatim) for item in node.value]
        self.open_nodes.discard(id(node))
        return data

    def mapping(self, node: MappingNode, *, verbatim: bool) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.report("HPT005", "a key must be a word, not a list or a mapping", key_node, "")
                continue
            key = key_node.value
            if key_node.tag not in (_PLAIN, _QUOTED):
                self.tag(key_node)
            if key in data:
                self.duplicate(key_node, self.document._entries_of(node)[key][0])
                continue
            data[key] = self.build(value_node, verbatim=verbatim or key in VERBATIM_KEYS)
        return data

    def scalar(self, node: ScalarNode, *, verbatim: bool) -> Any:
        text: str = node.value
        if node.tag is _PLAIN:
            if text and text[0] not in _NOT_PLAIN_TEXT:
                value: Any = text
            else:
                try:
                    value = resolve_plain(text)
                except ValueError as error:
                    self.report("HPT005", str(error), node, "")
                    value = None
                if verbatim and isinstance(value, (int, float)):
                    value = Scalar(text, value)
        elif node.tag is _QUOTED:
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
            if not verbatim and isinstance(value, Scalar):
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
                span=self.document._span_of(key_node),
                label="again here",
                help="keep one of the two",
                related=(Related(span=self.document._span_of(first), message="first here"),),
            )
        )

    def report(self, code: str, message: str, node: Node, advice: str) -> None:
        self.diagnostics.append(
            Diagnostic(
                code=code,
                severity=Severity.ERROR,
                message=message,
                span=self.document._span_of(node),
                help=advice,
            )
        )


def resolve_plain(text: str) -> str | int | float | bool | None:
    """A plain scalar's value by the core schema. Raises ValueError for a number without bounds."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]  # type: ignore[no-any-return]
    if len(text) > 256:
        if _INT.match(text) or _FLOAT.match(text):
            raise ValueError(f"a number of {len(text)} characters; 256 is the most")
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if text.startswith("0x"):
        return _based_int(text, 16)
    if text.startswith("0o"):
        return _based_int(text, 8)
    return text


def _based_int(text: str, base: int) -> str | int:
    digits = text[2:]
    return int(digits, base) if digits.isalnum() and _is_int(digits, base) else text


def _is_int(digits: str, base: int) -> bool:
    try:
        int(digits, base)
    except ValueError:
        return False
    return True


def _join_surrogates(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))


def _syntax(
    document: Document, message: str, line: int, column: int, *, help: str = ""
) -> Diagnostic:
    return Diagnostic(
        code="HPT002",
        severity=Severity.ERROR,
        message=message,
        span=document.span_at(line, column, line, column + 1),
        help=help,
    )


def _hint(problem: str) -> str:
    if "tab" in problem or "\\t" in problem:
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in problem:
        return 'a value that holds ": " needs quotes around it'
    if "could not find expected ':'" in problem:
        return "is a `:` missing after the key, or a closing quote?"
    if "found undefined alias" in problem:
        return "define the anchor with `&name` before `*name`"
    if "expected a single document" in problem or "another document" in problem:
        return "one spec a file: split the documents at `---`"
    return "check the indentation, quotes and brackets around this place"


def place(document: Document, finding: Finding, path: Path) -> Diagnostic:
    """A finding at its place in `document`."""
    return Diagnostic(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        span=document.span(path, key=finding.on_key),
        label=finding.label,
        help=finding.help,
    )
