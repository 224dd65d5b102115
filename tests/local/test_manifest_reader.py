"""Manifests of input channels: which objects they list, and what is wrong with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hptc.local import manifest_reader
from hptc.local.manifest_reader import (
    ListedObject,
    ManifestError,
    Record,
    augmented_manifest_uris,
    manifest_uris,
    read_augmented_manifest,
    read_manifest,
)

PREFIX = {"prefix": "s3://bucket/some/prefix/"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that replaces S3, beside a file that nothing in it may lead to."""
    for name in ("a.csv", "sub/b.csv", "image 1.jpg"):
        path = tmp_path / "s3/bucket/some/prefix" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "s3"


def keys(records: tuple[Record, ...]) -> list[str]:
    return [part.key for record in records for part in record if isinstance(part, ListedObject)]


def read(root: Path, content: Any) -> tuple[Record, ...]:
    path = root / "bucket/m.json"
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifest(path, root)


def test_a_manifest_lists_objects_in_its_order(root: Path) -> None:
    records = read(root, [PREFIX, "sub/b.csv", "a.csv"])
    assert keys(records) == ["some/prefix/sub/b.csv", "some/prefix/a.csv"]
    (first,) = records[0]
    assert isinstance(first, ListedObject)
    assert Path(first.path).read_text() == "sub/b.csv"


def test_keys_are_appended_to_the_prefix(root: Path) -> None:
    # As AWS does, also without `/` between them, and with a byte order mark of an editor.
    assert keys(read(root, [{"prefix": "s3://bucket/some/pre"}, "fix/a.csv"])) == [
        "some/prefix/a.csv"
    ]
    text = json.dumps([{"prefix": "s3://bucket/"}, "some/prefix/a.csv"])
    assert keys(read(root, text.encode("utf-8-sig"))) == ["some/prefix/a.csv"]
    assert manifest_uris(text.encode()) == ("s3://bucket/some/prefix/a.csv",)


FORMAT = 'a manifest is a JSON list such as [{"prefix": "s3://bucket/folder/"}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", f"m.json is not JSON at line 1, column 1: Expecting value; {FORMAT}"),
        (
            '[{"prefix": "s3://bucket/"},\n "a" "b"]',
            "m.json is not JSON at line 2, column 6: Expecting ',' delimiter",
        ),
        (b"[\xff]", "m.json is not UTF-8 at byte 1; save it as UTF-8"),
        ("[" * 100_000, f"m.json is not a manifest; {FORMAT}"),
        (
            '{"source-ref": "s3://b/1"}\n{"source-ref": "s3://b/2"}\n',
            (
                "m.json is JSON Lines, as an augmented manifest is; set "
                "`s3_data_type: AugmentedManifestFile`"
            ),
        ),
        ({"prefix": "s3://bucket/"}, "m.json is a JSON object, not a list"),
        ([], "m.json is an empty list, but must start with its prefix"),
        (["password123", "b"], "m.json starts with a text, but must start with its prefix"),
        ([{"prefix": 5}, "b"], "m.json starts with a JSON object, but must start with its prefix"),
        (
            [{"prefix": "gs://bucket/a/"}, "b"],
            (
                'the prefix in {path} is "gs://bucket/a/", but must start with s3://, a bucket and '
                "`/`; write s3://BUCKET/ or s3://BUCKET/FOLDER/"
            ),
        ),
        ([{"prefix": "s3://bucket"}, "b"], 'is "s3://bucket", but must start with s3://, a bucket'),
        ([PREFIX], "m.json lists no objects after its prefix; add their keys"),
        (
            [PREFIX, "a.csv", 5],
            'element 3 of {path} is a number, not a key; write what follows "s3://bucket/some/',
        ),
        ([PREFIX, ""], 'element 2 of {path} is "", not a key'),
        (
            [PREFIX, "../../../secret"],
            (
                '{path}: element 2 is "../../../secret", so the object is '
                '"s3://bucket/some/prefix/../../../secret", which has a part `..`; write its key '
                "without that"
            ),
        ),
        ([{"prefix": "s3://bucket/../"}, "secret"], 'is "secret", so the object is'),
        ([{"prefix": "s3://../"}, "secret"], "has a part `..`"),
        (
            [PREFIX, "/secret"],
            '"s3://bucket/some/prefix//secret", which has an empty part; write its key without',
        ),
        (
            [PREFIX, "s3://bucket/some/prefix/a.csv"],
            (
                'is "s3://bucket/some/prefix/a.csv", a whole URI, but is appended to the prefix; '
                "write only what follows it"
            ),
        ),
        ([PREFIX, "sub/"], 'element 2 is "sub/", which is a folder; list each object'),
        ([PREFIX, "sub"], 'is "sub", but {root}/bucket/some/prefix/sub is a folder; list each'),
        (
            [PREFIX, "c.csv"],
            (
                'element 2 is "c.csv", but {root}/bucket/some/prefix/c.csv does not exist; put the '
                "object there, or remove it from the manifest"
            ),
        ),
        ([PREFIX, "a.csv/c"], "a.csv/c does not exist; put the object there"),
        ([PREFIX, "x" * 300], "can't be read: File name too long"),
        ([PREFIX, "a\0b"], "which is not a valid file name on this machine; rename the object"),
        (
            [PREFIX, "a.csv", "sub/b.csv", "a.csv"],
            '{path}: element 4 is "a.csv", and so is element 2; list each object once',
        ),
        (
            [PREFIX, *(f"{number}.csv" for number in range(9))],
            (
                'element 4 is "2.csv", but {root}/bucket/some/prefix/2.csv does not exist; put the '
                "object there, or remove it from the manifest; {path}: 6 more faults like these"
            ),
        ),
        (
            [PREFIX, *(f"{number}.csv" for number in range(4))],
            (
                "2.csv does not exist; put the object there, or remove it from the manifest; "
                "{path}: 1 more fault like these"
            ),
        ),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_is_wrong_with_a_manifest_is_named(root: Path, content: Any, message: str) -> None:
    with pytest.raises(ManifestError) as raised:
        read(root, content)
    expected = message.replace("{path}", f"{root}/bucket/m.json").replace("{root}", str(root))
    assert expected in str(raised.value)


def test_a_manifest_that_is_no_manifest_is_not_shown(root: Path) -> None:
    key = "AKIA" + "IOSFODNN7" + "EXAMPLE"
    for content in (f'password: "{key}"', f'["{key}"]', f'[{{"prefix": "s3://{key}/"}}, "x"]'):
        with pytest.raises(ManifestError) as raised:
            read(root, content)
        assert key not in str(raised.value).replace(str(root), "")


def test_no_link_leads_out_of_the_folder(root: Path) -> None:
    folder = root / "bucket/some/prefix"
    (folder / "file").symlink_to(root.parent / "secret")
    (folder / "folder").symlink_to(root.parent)
    (folder / "inside").symlink_to(folder / "a.csv")
    (folder / "loop").symlink_to(folder / "loop")
    for key in ("file", "folder/secret"):
        with pytest.raises(ManifestError, match=r"is a link out of .*; replace the link with what"):
            read(root, [PREFIX, key])
    with pytest.raises(ManifestError, match="loop"):
        read(root, [PREFIX, "loop"])
    ((inside,),) = read(root, [PREFIX, "inside"])
    assert isinstance(inside, ListedObject)
    assert (inside.key, inside.path) == ("some/prefix/inside", f"{folder}/a.csv")


NAMES = st.sampled_from(
    [
        "some",
        "prefix",
        "a.csv",
        "sub",
        "b.csv",
        "..",
        ".",
        "",
        "out",
        "up",
        "\0",
        "\ud800",
        "x" * 300,
    ]
)
KEYS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(prefix=KEYS, keys=st.lists(KEYS, max_size=3))
@example(prefix="some/prefix/", keys=["a.csv"])
@example(prefix="out/", keys=["secret"])
@example(prefix="../up/", keys=["s3/bucket/some/prefix/a.csv"])
def test_whatever_a_manifest_lists_nothing_outside_is_found(
    root: Path, prefix: str, keys: list[str]
) -> None:
    for link, target in (("bucket/out", root.parent), ("up", root.parent)):
        if not (root / link).is_symlink():
            (root / link).symlink_to(target)
    uri = f"s3://bucket/{prefix}"
    (root / "list").write_text(json.dumps([{"prefix": uri}, *keys]))
    (root / "lines").write_text("".join(json.dumps({"x-ref": uri + key}) + "\n" for key in keys))
    for is_augmented in (False, True):
        try:
            records = (
                read_augmented_manifest(root / "lines", root, ["x-ref"])
                if is_augmented
                else read_manifest(root / "list", root)
            )
        except ManifestError:
            continue
        paths = [part.path for (part,) in records if isinstance(part, ListedObject)]
        assert paths == [os.path.realpath(path) for path in paths]
        assert all(Path(path).is_relative_to(root) for path in paths)


def test_a_device_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "bucket/some/prefix/fifo")
    with pytest.raises(ManifestError, match="fifo is not a file"):
        read_manifest(root / "bucket/some/prefix/fifo", root)
    with pytest.raises(ManifestError, match="fifo is not a file"):
        read(root, [PREFIX, "fifo"])


def test_a_manifest_of_the_largest_size_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps([PREFIX, "a.csv"])
    monkeypatch.setattr(manifest_reader, "MAX_MANIFEST_BYTES", len(content))
    assert read(root, content)
    with pytest.raises(ManifestError, match="is larger than"):
        read(root, f"{content} ")


def test_a_huge_manifest_is_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_reader, "MAX_MANIFEST_BYTES", 50)
    with pytest.raises(ManifestError, match=r"m\.json is larger than 0 MB, the maximum that hptc"):
        read(root, [PREFIX, *["a.csv"] * 9])


def augmented(root: Path, *lines: Any, names: tuple[str, ...] = ("image-ref", "label")) -> Any:
    path = root / "bucket/augmented"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(texts) + "\n")
    return read_augmented_manifest(path, root, names)


def line(**members: Any) -> dict[str, Any]:
    return {"image-ref": "s3://bucket/some/prefix/image 1.jpg", **members}


def test_an_augmented_manifest_has_attributes_in_the_order_of_their_names(root: Path) -> None:
    objects = {"annotations": [{"class": "größe"}]}
    records = augmented(root, line(label=1, other=2), "", line(label="é"), line(label=objects))
    image = ListedObject(
        key="some/prefix/image 1.jpg", path=f"{root}/bucket/some/prefix/image 1.jpg"
    )
    assert records == ((image, "1"), (image, "é"), (image, '{"annotations":[{"class":"größe"}]}'))
    assert augmented(root, line(label=True), names=("label", "image-ref")) == (("true", image),)
    content = (root / "bucket/augmented").read_bytes()
    assert augmented_manifest_uris(content, ("label", "image-ref")) == (
        "s3://bucket/some/prefix/image 1.jpg",
    )


def test_the_objects_of_an_augmented_manifest_are_the_texts_of_its_references() -> None:
    lines = ('{"image-ref": "s3://bucket/a.jpg", "label": "cat"}', '{"image-ref": 1, "label": 2}')
    content = "\n".join(lines).encode()
    assert augmented_manifest_uris(content, ("image-ref", "label")) == ("s3://bucket/a.jpg",)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{"], "augmented is not JSON at line 1, column 2; an augmented manifest has a JSON"),
        ([line(label=1), "1"], "line 2 of {path} is a number, not an object; an augmented"),
        ([[PREFIX, "a"]], "a list, not an object; this looks like a manifest: `s3_data_type: Mani"),
        ([""], "augmented has no records; write a line of JSON for each"),
        (
            [line(label=1), line(labels=1)],
            (
                'line 2 has no attribute `label`, but "image-ref" and "labels"; correct '
                "`attribute_names` or the line"
            ),
        ),
        (
            [line(label=1) | {"image-ref": 7}],
            (
                "`image-ref` in line 1 is a number, but its name ends in `-ref`, so it must "
                "be a URI; write s3://BUCKET/KEY"
            ),
        ),
        (
            [line(label=1) | {"image-ref": "s3://bucket/../../secret"}],
            '`image-ref` in line 1 is "s3://bucket/../../secret", so the object is',
        ),
        (
            [line(label=1) | {"image-ref": "s3://bucket/some/prefix/no.jpg"}],
            "{root}/bucket/some/prefix/no.jpg does not exist",
        ),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_is_wrong_with_an_augmented_manifest_is_named(
    root: Path, lines: list[Any], message: str
) -> None:
    with pytest.raises(ManifestError) as raised:
        augmented(root, *lines)
    expected = message.replace("{path}", f"{root}/bucket/augmented").replace("{root}", str(root))
    assert expected in str(raised.value)


def test_an_augmented_manifest_needs_attribute_names(root: Path) -> None:
    with pytest.raises(ManifestError, match="no attributes are named; set `attribute_names`"):
        augmented(root, line(), names=())
