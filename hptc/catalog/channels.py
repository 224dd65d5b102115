"""The input channels of a built-in algorithm: names, content types and S3 distribution.

Part of data/algorithms/NAME.json. Most facts are only documented, so a channel that contradicts a
fact may still work; the container certainly fails on what `enforced` lists.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from hptc.frozen import frozen

Distribution = Literal["FullyReplicated", "ShardedByS3Key"]
Fact = Literal["content_type", "distribution"]
DistributionCase = Literal["always", "Pipe", "several_instances"]

_IMAGE_FILES = ("image/jpeg", "image/png", "application/x-image")


@frozen
class Channel:
    """An input channel. With several names, any of them is valid.

    `content_types` are those of File and FastFile mode, `pipe_content_types` those of Pipe mode:
    None if AWS documents none, empty if the channel can't be read in that mode. A channel
    `with_image_files` is required if the data is image files rather than RecordIO; neither it nor
    one `without_manifest` is required with an augmented manifest. `distribution` is what AWS
    requires in the case of `distribution_for`. `default_content_type` applies to a channel without
    a content type. `label_size` is the number of label columns in the channel's CSV files.
    """

    names: tuple[str, ...]
    is_required: bool
    content_types: tuple[str, ...] | None
    pipe_content_types: tuple[str, ...] | None
    default_content_type: str | None
    distribution: Distribution | None
    distribution_for: DistributionCase
    label_size: int | None
    with_image_files: bool
    without_manifest: bool
    enforced: tuple[Fact, ...]

    def accepted_content_types(self, input_mode: str) -> tuple[str, ...] | None:
        """The content types that the channel can have in an input mode; None if unknown."""
        return self.pipe_content_types if input_mode == "Pipe" else self.content_types

    def accepts(self, content_type: str, input_mode: str) -> bool:
        """Whether a content type is valid in an input mode.

        A container that is known to compare the whole text gets no leniency; otherwise case and
        parameters such as `;label_size=0` don't matter.
        """
        accepted = self.accepted_content_types(input_mode)
        if accepted is None:
            return True
        if "content_type" in self.enforced:
            return content_type in accepted
        return media_type(content_type) in accepted


def media_type(content_type: str) -> str:
    """A content type without its parameters: `text/csv` of `text/csv;label_size=0`."""
    return content_type.partition(";")[0].strip().lower()


def are_image_files(content_type: str) -> bool:
    """Whether a content type is that of image files."""
    return media_type(content_type) in _IMAGE_FILES


def read_channels(entries: Iterable[Mapping[str, Any]]) -> Iterator[Channel]:
    """Read the `channels` of a table."""
    for entry in entries:
        content_types = _texts(entry.get("content_types"))
        yield Channel(
            names=tuple(entry["names"]),
            is_required=entry.get("is_required", False),
            content_types=content_types,
            pipe_content_types=_texts(entry.get("pipe_content_types", content_types)),
            default_content_type=entry.get("default_content_type"),
            distribution=entry.get("distribution"),
            distribution_for=entry.get("distribution_for", "always"),
            label_size=entry.get("label_size"),
            with_image_files=entry.get("with_image_files", False),
            without_manifest=entry.get("without_manifest", False),
            enforced=tuple(entry.get("enforced", ())),
        )


def _texts(values: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
