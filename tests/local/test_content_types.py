"""Content types of input channels, as the built-in algorithms read them."""

from __future__ import annotations

import pytest

from hptc.local.content_types import CSV, LIBSVM, PARQUET, RECORDIO, ContentType, read_content_type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ContentType(format=CSV)),
        ("", ContentType(format=CSV)),
        ("text/csv", ContentType(format=CSV)),
        ("Text/CSV ; label_size=0", ContentType(format=CSV, label_size=0)),
        ("text/csv;header=false;label_size= 2 ", ContentType(format=CSV, label_size=2)),
        ("text/csv;label_size", ContentType(format=CSV)),
        ("text/csv;label_size=-1", ContentType(format=CSV)),
        ("text/csv;label_size=½", ContentType(format=CSV)),
        ("text/csv;label_size=²", ContentType(format=CSV)),
        ("text/csv;label_size=999999999", ContentType(format=CSV, label_size=999_999_999)),
        ("text/csv;label_size=1000000000", ContentType(format=CSV)),
        ("text/csv;label_size=1=2", ContentType(format=CSV)),
        ("text/x-libsvm", ContentType(format=LIBSVM)),
        ("application/x-parquet", ContentType(format=PARQUET)),
        ("application/x-recordio-protobuf", ContentType(format=RECORDIO)),
        ("image/png", ContentType(format="image/png")),
    ],
)
def test_a_content_type_is_read(text: str | None, expected: ContentType) -> None:
    assert read_content_type(text) == expected


def test_a_channel_without_one_has_the_default_of_its_algorithm() -> None:
    assert read_content_type(None, LIBSVM) == ContentType(format=LIBSVM)
    assert read_content_type("csv", LIBSVM) == ContentType(format=CSV)
