"""Samples for members whose values are not known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hptc.project.references import by_example, has_reference
from hptc.request.conformance import has_form
from hptc.request.shapes import Shape, input_shape
from hptc.tool_formats.samples import sample_of


def texts(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    """The members that are texts, by path."""
    if shape.type == "string" and not shape.enum:
        yield path, shape
    for name, member in shape.members.items():
        yield from texts(member, f"{path}.{name}")
    for inner in (shape.item, shape.key):
        if inner is not None:
            yield from texts(inner, f"{path}[]")


@pytest.mark.parametrize(
    "shape", [pytest.param(shape, id=path) for path, shape in texts(input_shape())]
)
def test_every_text_has_a_sample_of_its_format_and_length(shape: Shape) -> None:
    sample = sample_of(shape)
    assert has_form(by_example(sample) or "", shape)
    if not has_reference(sample):
        assert (shape.minimum or 0) <= len(sample) <= (shape.maximum or len(sample))
