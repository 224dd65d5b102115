"""Reads the manifests of input channels: which objects in S3 a channel has, and their files here.

A manifest is a JSON list of a prefix and keys that are appended to it:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
An augmented manifest is JSON Lines, with an object for each record:
https://docs.aws.amazon.com/sagemaker/latest/dg/augmented-manifest.html
Manifests can come from anyone, so objects are only looked up in the folder that replaces S3, and a
link that leads out of it is refused.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.secrets.detector import hide_secrets
from hptc.text import code, listed, listed_code, plural, quoted

MAX_MANIFEST_BYTES = 16 << 20
"""Several 100,000 keys, which take seconds to look up."""

_FORMAT = 'a manifest is a JSON list such as [{"prefix": "s3://bucket/folder/"}, "a.csv", "b.csv"]'
_S3 = "s3://"
_REFERENCE = "-ref"
"""The end of an attribute's name whose value is the URI of an object."""
_INVALID_PARTS = frozenset(("", ".", ".."))
_SHOWN = 3


class ManifestError(UsageError):
    """Why the objects that a manifest lists can't be read on this machine, and what to do."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@frozen
class ListedObject:
    """An object that a manifest lists. `key` is its whole key, without the bucket."""

    key: str
    path: str  # without links


Record = tuple[ListedObject | str, ...]
"""What a channel streams in one piece: objects, and texts of an augmented manifest."""


@frozen
class _Place:
    """An element of a manifest, or an attribute in it, as messages name it."""

    subject: str
    uri: str
    written: str  # as the manifest has it

    @property
    def named(self) -> str:
        """The place and what is written there, for a message."""
        return f"{self.subject} is {quoted(self.written)}"


def read_manifest(path: Path, s3_root: Path) -> tuple[Record, ...]:
    """The objects that a manifest lists, in its order. Raises ManifestError."""
    objects = _Objects(s3_root)
    faults: list[str] = []
    records: list[Record] = []
    seen: dict[str, str] = {}
    for place in _uris(path, _content(path)):
        if place.uri in seen:
            faults.append(f"{place.named}, and so is {seen[place.uri]}; list each object once")
            continue
        seen[place.uri] = place.subject
        try:
            records.append((objects.find(place),))
        except ManifestError as error:
            faults.append(str(error))
    _require_none(path, faults)
    return tuple(records)


def read_augmented_manifest(
    path: Path, s3_root: Path, attribute_names: Sequence[str]
) -> tuple[Record, ...]:
    """The records of an augmented manifest: its attributes in the order of their names.

    Raises ManifestError.
    """
    if not attribute_names:
        raise ManifestError(
            f"{path} is an augmented manifest, but no attributes are named; set `attribute_names`"
        )
    faults: list[str] = []
    records: list[Record] = []
    objects = _Objects(s3_root)
    for number, line in _json_lines(path, _content(path)):
        subject = f"line {number}"
        missing = [name for name in attribute_names if name not in line]
        if missing:
            others = listed(map(quoted, list(line)[:_SHOWN])) or "none"
            faults.append(
                f"{subject} has no attribute {listed_code(missing)}, but {others}; correct "
                "`attribute_names` or the line"
            )
            continue
        try:
            records.append(
                tuple(_part(subject, name, line[name], objects) for name in attribute_names)
            )
        except ManifestError as error:
            faults.append(str(error))
    _require_none(path, faults)
    if not records:
        raise ManifestError(f"{path} has no records; write a line of JSON for each")
    return tuple(records)


def manifest_uris(content: bytes) -> tuple[str, ...]:
    """The URIs of the objects that a manifest lists. Raises ManifestError."""
    return tuple(place.uri for place in _uris(Path("the manifest"), content))


def augmented_manifest_uris(content: bytes, attribute_names: Sequence[str]) -> tuple[str, ...]:
    """The URIs of the objects that an augmented manifest refers to. Raises ManifestError."""
    return tuple(
        line[name]
        for _, line in _json_lines(Path("the manifest"), content)
        for name in attribute_names
        if name.endswith(_REFERENCE) and isinstance(line.get(name), str)
    )


def _content(path: Path) -> bytes:
    """The content of a manifest. Raises ManifestError if it is too large or can't be read."""
    if path.is_dir():
        raise ManifestError(
            f"{path} is a folder, not a manifest; name the manifest, or use "
            "`s3_data_type: S3Prefix`"
        )
    if not path.is_file():
        raise ManifestError(f"{path} is not a file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{path} can't be read: {error.strerror}") from None
    if len(content) > MAX_MANIFEST_BYTES:
        raise ManifestError(
            f"{path} is larger than {MAX_MANIFEST_BYTES >> 20} MB, the maximum that hptc reads; "
            "name a folder with the data, or try it with a part of the manifest"
        )
    return content


def _uris(path: Path, content: bytes) -> Iterator[_Place]:
    """The objects that a manifest lists. Raises ManifestError unless it is a prefix and keys."""
    elements = _json(path, content)
    if not isinstance(elements, list):
        raise ManifestError(f"{path} is {_kind(elements)}, not a list: {_FORMAT}")
    prefix = _prefix(path, elements)
    if len(elements) == 1:
        raise ManifestError(f"{path} lists no objects after its prefix; add their keys: {_FORMAT}")
    for number, key in enumerate(elements[1:], 2):
        subject = f"element {number}"
        if not isinstance(key, str) or not key:
            shown = quoted(key) if isinstance(key, str) else _kind(key)
            raise ManifestError(
                f"{subject} of {path} is {shown}, not a key; write what follows {quoted(prefix)} "
                "in the URI of the object"
            )
        yield _Place(subject=subject, uri=prefix + key, written=key)


def _prefix(path: Path, elements: list[Any]) -> str:
    """The prefix of a manifest. Raises ManifestError."""
    first = elements[0] if elements else None
    prefix = first.get("prefix") if isinstance(first, dict) else None
    if not isinstance(prefix, str):
        actual = f"starts with {_kind(first)}" if elements else "is an empty list"
        raise ManifestError(f"{path} {actual}, but must start with its prefix: {_FORMAT}")
    if not prefix.startswith(_S3) or "/" not in prefix.removeprefix(_S3):
        raise ManifestError(
            f"the prefix in {path} is {quoted(prefix)}, but must start with {_S3}, a bucket and "
            f"`/`; write {_S3}BUCKET/ or {_S3}BUCKET/FOLDER/"
        )
    return prefix


class _Objects:
    """The folder that replaces S3, in which objects are looked up.

    Manifests list many thousands of them, so each takes one system call and no Path.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inside = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - ends in `/`
        self._real_parents: dict[str, str] = {}

    def find(self, place: _Place) -> ListedObject:
        """The file of an object. Raises ManifestError if it is not below the folder."""
        bucket, _, key = place.uri.removeprefix(_S3).partition("/")
        parts = (bucket, *key.split("/"))
        fault = _fault_of_key(place, parts)
        if fault:
            raise ManifestError(f"{place.named}, {fault}")
        path = os.path.join(self._folder, *parts)  # noqa: PTH118 - Path is too slow
        try:
            real, mode = self._resolve(path)
        except (FileNotFoundError, NotADirectoryError):
            raise ManifestError(
                f"{place.named}, but {path} does not exist; put the object there, or remove it "
                "from the manifest"
            ) from None
        except OSError as error:
            raise ManifestError(
                f"{place.named}, but {path} can't be read: {error.strerror}"
            ) from None
        except ValueError:
            raise ManifestError(
                f"{place.named}, which is not a valid file name on this machine; rename the object"
            ) from None
        if not real.startswith(self._inside):
            raise ManifestError(
                f"{place.named}, but {path} is a link out of {self._folder}; replace the link with "
                "what it leads to"
            )
        if not stat.S_ISREG(mode):
            reason = "a folder; list each object" if stat.S_ISDIR(mode) else "not a file"
            raise ManifestError(f"{place.named}, but {path} is {reason}")
        return ListedObject(key=key, path=real)

    def _resolve(self, path: str) -> tuple[str, int]:
        """The path without links, and the mode of the file. Raises OSError."""
        parent, _, name = path.rpartition(os.sep)
        if parent not in self._real_parents:
            self._real_parents[parent] = os.path.realpath(parent)
        mode = os.lstat(path).st_mode
        if not stat.S_ISLNK(mode):
            return f"{self._real_parents[parent]}{os.sep}{name}", mode
        real = os.path.realpath(path)
        return real, os.lstat(real).st_mode


def _fault_of_key(place: _Place, parts: Sequence[str]) -> str:
    """Why no file below the folder can be the object; empty if one can."""
    if place.written.startswith(_S3) and place.written != place.uri:
        return "a whole URI, but is appended to the prefix; write only what follows it"
    if not _INVALID_PARTS.intersection(parts):
        return ""
    if not parts[-1] and len(parts) > 2:
        return "which is a folder; list each object"
    part = next(part for part in parts if part in _INVALID_PARTS)
    named = f"a part {code(part)}" if part else "an empty part"
    return (
        f"so the object is {quoted(place.uri, 200)}, which has {named}; write its key without that"
    )


def _part(subject: str, name: str, value: Any, objects: _Objects) -> ListedObject | str:
    """An attribute of a record: the object that it refers to, or its value as text."""
    if not name.endswith(_REFERENCE):
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    attribute = f"{code(name)} in {subject}"
    if not isinstance(value, str) or not value.startswith(_S3):
        shown = quoted(value) if isinstance(value, str) else _kind(value)
        raise ManifestError(
            f"{attribute} is {shown}, but its name ends in {code(_REFERENCE)}, so it must be a URI"
            f"; write {_S3}BUCKET/KEY"
        )
    return objects.find(_Place(subject=attribute, uri=value, written=value))


def _json(path: Path, content: bytes) -> Any:
    """The content of a manifest. Raises ManifestError."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8: {_FORMAT}"
        ) from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and content.lstrip()[:1] == b"{":
            raise ManifestError(
                f"{path} is JSON Lines, as an augmented manifest is; set "
                "`s3_data_type: AugmentedManifestFile`"
            ) from None
        raise ManifestError(
            f"{path} is not JSON at line {error.lineno}, column {error.colno}: {error.msg}; "
            f"{_FORMAT}"
        ) from None
    except (RecursionError, ValueError):  # or a number with thousands of digits
        raise ManifestError(f"{path} is not a manifest; {_FORMAT}") from None


def _json_lines(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of an augmented manifest and their numbers. Raises ManifestError."""
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            where = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            raise ManifestError(
                f"{path} is not JSON at line {number}{where}; an augmented manifest has a JSON "
                "object in each line"
            ) from None
        if not isinstance(record, dict):
            hint = (
                "; this looks like a manifest: `s3_data_type: ManifestFile`"
                if isinstance(record, list) and number == 1
                else "; an augmented manifest has a JSON object in each line"
            )
            raise ManifestError(f"line {number} of {path} is {_kind(record)}, not an object{hint}")
        yield number, record


def _require_none(path: Path, faults: Sequence[str]) -> None:
    """Raise ManifestError for the faults of a manifest; it shows the first ones."""
    if faults:
        shown = [hide_secrets(fault) for fault in faults[:_SHOWN]]  # a path can have one
        more = len(faults) - _SHOWN
        others = [f"{plural(more, 'more fault')} like these"] if more > 0 else []
        raise ManifestError(*(f"{path}: {text}" for text in (*shown, *others)))


def _kind(value: Any) -> str:
    """The kind of a JSON value. The value isn't shown, because the file may contain secrets."""
    match value:
        case dict():
            return "a JSON object"
        case list():
            return "a list"
        case str():
            return "a text"
        case bool() | None:
            return f"`{json.dumps(value)}`"
        case _:
            return "a number"
