"""Content types of input channels, as AWS's built-in algorithms read them.

https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html
"""

from __future__ import annotations

from hptc.frozen import frozen

CSV, LIBSVM, PARQUET, RECORDIO = "CSV", "libsvm", "Parquet", "RecordIO-protobuf"
_FORMATS = {
    "csv": CSV,
    "text/csv": CSV,
    "libsvm": LIBSVM,
    "text/libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
    "parquet": PARQUET,
    "application/x-parquet": PARQUET,
    "recordio-protobuf": RECORDIO,
    "application/x-recordio-protobuf": RECORDIO,
}


@frozen
class ContentType:
    """A content type: `format` is one of the four above, or the type itself if it is unknown."""

    format: str
    label_size: int = 1  # columns of CSV that are labels, at the start


def read_content_type(text: str | None, default: str = CSV) -> ContentType:
    """Read a content type such as `text/csv;label_size=0`. `default` is the format of none."""
    if not text:
        return ContentType(format=default)
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    values = dict(part.split("=", 1) for part in parameters if "=" in part)
    size = values.get("label_size", "1").strip()
    return ContentType(
        format=_FORMATS.get(name, name),
        label_size=int(size) if size.isascii() and size.isdigit() and len(size) < 10 else 1,
    )
