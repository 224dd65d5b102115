"""Parses YAML or JSON text to a `Document`, which finds the span of every key and value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace
from typing import NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hptc.diagnostics import (
    MAX_TEXT,
    Diagnostic,
    Finding,
    Fix,
    Path,
    Remove,
    Rename,
    Severity,
    Span,
    SpecPath,
    new_text,
)
from hptc.frozen import frozen
from hptc.secrets.detector import hide_secrets
from hptc.source.hidden_text import hidden_character, split_lines
from hptc.source.yaml_nodes import (
    MAX_DEPTH,
    MAX_VALUES,
    TooDeepError,
    TooManyNodesError,
    compose_nodes,
)
from hptc.text import shortened

MAX_SHOWN_COLUMN = 20_000
"""Beyond this column of a line, a place is reported without the text around it."""
_MARGIN = 400  # characters after the place that are shown
_SURROGATES = r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"


class _Deepest(NamedTuple):
    """The deepest part of a path that exists in a document."""

    node: Node | None
    key_node: Node | None  # None for an entry of a list, and for the root
    depth: int  # how many parts of the path exist


@frozen
class Document:
    """One parsed file: its text, its nodes and the span of each."""

    file: str
    text: str
    _root: list[Node | None] = field(default_factory=list, repr=False, compare=False)
    _lines: list[str] = field(default_factory=list, repr=False, compare=False)
    _shown: dict[int, str] = field(default_factory=dict, repr=False, compare=False)
    _entries: dict[int, dict[str, tuple[Node, Node]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def root(self) -> Node | None:
        """The root node; None for an empty or invalid file. Composed again after `forget`."""
        if not self._root:
            try:
                self._root.append(compose_nodes(self.text))
            except (TooDeepError, TooManyNodesError, yaml.YAMLError):
                self._root.append(None)
        return self._root[0]

    def forget(self) -> None:
        """Free what can be computed again: nodes take most of a run's memory."""
        if self._root != [None]:
            self._root.clear()
        self._lines.clear()
        self._shown.clear()
        self._entries.clear()

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """The span of `path`, or of its deepest part that exists; with `key`, of the key."""
        deepest = self._find(path)
        is_of_key = key and deepest.key_node is not None
        return self.span_of(deepest.key_node if is_of_key else deepest.node)

    def has(self, path: Path) -> bool:
        """Whether `path` exists in this document."""
        return self._find(path).depth == len(path)

    def top_level_keys(self) -> list[str]:
        """The top-level keys in the order of the file."""
        if not isinstance(self.root, MappingNode):
            return []
        return [key.value for key, _ in self.root.value if isinstance(key, ScalarNode)]

    def scalars(self) -> Iterator[ScalarNode]:
        """Every scalar of the document once, keys included, in no particular order."""
        waiting = [self.root]
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, ScalarNode):
                yield node
            elif node is not None and id(node) not in seen:
                seen.add(id(node))  # an alias is its anchor's node again
                for entry in node.value:
                    waiting += entry if isinstance(entry, tuple) else (entry,)

    def depth_of(self, path: Path) -> int:
        """How many leading parts of `path` exist in this document."""
        return self._find(path).depth

    def node_at(self, path: Path) -> Node | None:
        """The node at `path`; None if it does not exist."""
        deepest = self._find(path)
        return deepest.node if deepest.depth == len(path) else None

    def _find(self, path: Path) -> _Deepest:
        node, key_node = self.root, None
        for depth, part in enumerate(path):
            if isinstance(node, MappingNode):
                entry = self.entries_of(node).get(part) if isinstance(part, str) else None
                if entry is None:
                    return _Deepest(node, key_node, depth)
                key_node, node = entry
            elif (
                isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value)
            ):
                node, key_node = node.value[part], None
            else:
                return _Deepest(node, key_node, depth)
        return _Deepest(node, key_node, len(path))

    def entries_of(self, mapping: MappingNode) -> dict[str, tuple[Node, Node]]:
        """A mapping's key and value nodes by key; of duplicate keys, the first."""
        if id(mapping) not in self._entries:
            self._entries[id(mapping)] = {
                key.value: (key, value)
                for key, value in reversed(mapping.value)
                if isinstance(key, ScalarNode)
            }
        return self._entries[id(mapping)]

    def span_of(self, node: Node | None) -> Span:
        """The span of one of the document's nodes; the file's start for None."""
        if node is None:
            return self.span_at(0, 0, 0, 0)
        start, end = node.start_mark, node.end_mark
        if not isinstance(node, ScalarNode) and end.line != start.line:
            # A block ends where the next node starts, so use its first line.
            return self.span_at(start.line, start.column, start.line, len(self._line(start.line)))
        return self.span_at(start.line, start.column, end.line, end.column)

    def span_at(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """A span from lines and columns that count from 0."""
        return Span(
            file=self.file,
            line=line + 1,
            column=column + 1,
            end_line=end_line + 1,
            end_column=end_column + 1,
            source=self._shown_line(line) if column < MAX_SHOWN_COLUMN else "",
        )

    def _shown_line(self, number: int) -> str:
        """A line without its secrets, as far as it is shown. It is computed once."""
        if number not in self._shown:
            self._shown[number] = hide_secrets(self._line(number)[: MAX_SHOWN_COLUMN + _MARGIN])
        return self._shown[number]

    def _line(self, number: int) -> str:
        if not self._lines:
            self._lines.extend(split_lines(self.text))
        return self._lines[number] if number < len(self._lines) else ""


def parse_document(text: str, file: str) -> tuple[Document, list[Diagnostic]]:
    """Parse text. A document with a syntax error has no root."""
    hidden = hidden_character(text)
    if hidden is not None:
        blank = Document(file=file, text=text, _root=[None])
        return blank, [_syntax_at(blank, f"contains {hidden.described}", hidden.position)]
    if text.lstrip()[:1] in ("{", "[") and "\\u" in text:
        # JSON escapes a character above U+FFFF as a surrogate pair, which YAML does not know.
        text = re.sub(_SURROGATES, lambda pair: _join_surrogates(pair[1], pair[2]), text)
    blank = Document(file=file, text=text, _root=[None])
    try:
        root = compose_nodes(text)
    except TooDeepError:
        message = f"nested more than {MAX_DEPTH} levels deep"
        return blank, [_syntax(blank, message, 0, 0, help="reduce the nesting")]
    except TooManyNodesError:
        return blank, [_too_large(blank)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        problem = error.problem or error.context or "unknown syntax error"
        help = _hint(problem, blank._line(line)[column : column + 1])
        return blank, [_syntax(blank, f"not valid YAML: {problem}", line, column, help=help)]
    except yaml.reader.ReaderError as error:
        position = len(text.encode()[: error.position].decode())  # libyaml counts bytes
        message = f"contains U+{error.character:04X}, a character that YAML does not allow"
        return blank, [_syntax_at(blank, message, position)]
    except yaml.YAMLError as error:
        return blank, [_syntax(blank, f"not valid YAML: {error}", 0, 0)]
    return Document(file=file, text=text, _root=[root]), []


def _too_large(document: Document) -> Diagnostic:
    return Diagnostic(
        code="HPT004",
        severity=Severity.ERROR,
        message=f"the file has more than {MAX_VALUES:,} values",
        span=document.span_at(0, 0, 0, 0),
        help="check that this is the right file, or split it",
    )


def _join_surrogates(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))


def _syntax_at(document: Document, message: str, position: int) -> Diagnostic:
    before = document.text[:position]
    line, column = before.count("\n"), position - (before.rfind("\n") + 1)
    advice = "remove the character, or escape it in double quotes"
    return _syntax(document, message, line, column, help=advice)


def _syntax(
    document: Document, message: str, line: int, column: int, *, help: str = ""
) -> Diagnostic:
    finding = Finding(code="HPT002", message=message, path=SpecPath(), help=help)
    return at_span(finding, document.span_at(line, column, line, column + 1))


def _hint(problem: str, character: str) -> str:
    """The help for a syntax error, from libyaml's message and the character at its place."""
    if character == "\t":
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in problem:
        return 'put a value that contains ": " in quotes'
    if "could not find expected ':'" in problem:
        return "check for a missing `:` after the key or a missing closing quote"
    if "found undefined alias" in problem:
        return "define the anchor with `&name` before its alias `*name`"
    if "another document" in problem:
        return "split the file at `---`: each spec needs its own file"
    return "check the indentation, quotes and brackets near this line"


def to_diagnostic(document: Document, finding: Finding, path: Path) -> Diagnostic:
    """A finding as a diagnostic at the span of `path`, in the document that its fixes are for."""
    fixes = (
        fix_in(document, replace(fix, is_of_span=is_of_path(fix, finding)), finding.message)
        for fix in finding.fixes
    )
    span = document.span(path, key=finding.on_key)
    return at_span(finding, span, tuple(fix for fix in fixes if fix is not None))


def is_of_path(fix: Fix, finding: Finding) -> bool:
    """Whether a fix has one change, which is of the path of its finding."""
    return len(fix.changes) == 1 and fix.changes[0].path == finding.path


def fix_in(document: Document, fix: Fix, message: str) -> Fix | None:
    """A fix with its file; None if its changes can't be made in this document.

    A template is not replaced, because it has another value in each environment. A safe fix only
    replaces text that the finding names, never a value that is not written. A spelling with other
    numbers, such as another version or instance size, is not safe.
    """
    is_safe = fix.is_safe
    for change in fix.changes:
        node = document.node_at(change.path)
        if isinstance(change, Remove):
            if node is None:
                return None
            continue
        is_word = isinstance(node, ScalarNode)
        old = node.value if isinstance(node, ScalarNode) else ""
        if isinstance(change, Rename):
            is_word, old = node is not None, str(change.path[-1])
            if not is_word or document.has((*change.path[:-1], change.name)):
                return None
        elif change.old not in ("", old):
            return None
        if "{{" in old or "{%" in old or (fix.is_safe and not (is_word and old in message)):
            return None
        if hide_secrets(new_text(change)) != new_text(change):
            return None
        if len(fix.changes) == 1 and not _has_same_numbers(old, new_text(change)):
            is_safe = False
    return replace(fix, file=document.file, title=hide_secrets(fix.title), is_safe=is_safe)


def _has_same_numbers(old: str, new: str) -> bool:
    """Whether two spellings have the same digits, or are one number, such as `1e3` and `1000`."""
    if re.findall(r"\d", old) == re.findall(r"\d", new):
        return True
    try:
        return float(old) == float(new)
    except ValueError:
        return False


def _masked(text: str) -> str:
    """A text of a diagnostic, of limited length and without secrets."""
    return shortened(hide_secrets(text[: 10 * MAX_TEXT]), MAX_TEXT)


def at_span(finding: Finding, span: Span, fixes: tuple[Fix, ...] = ()) -> Diagnostic:
    """A finding as a diagnostic, without the secrets that its texts quote.

    `fixes` are those of the finding with their file; none may contain a secret.
    """
    return Diagnostic(
        code=finding.code,
        severity=finding.severity,
        message=_masked(finding.message),
        span=span,
        label=_masked(finding.label),
        help=_masked(finding.help),
        fixes=fixes,
    )
