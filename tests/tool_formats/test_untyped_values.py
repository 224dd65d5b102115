"""Members of files whose types nothing guarantees."""

from __future__ import annotations

import pytest

from hptc.tool_formats.untyped_values import as_list, as_mapping, member_at


@pytest.mark.parametrize("value", [None, "text", 7, True])
def test_a_value_of_another_type_is_empty(value: object) -> None:
    assert as_list(value) == []
    assert as_mapping(value) == {}


def test_a_list_and_a_mapping_are_themselves() -> None:
    assert as_list([1]) == [1]
    assert as_mapping({"a": 1}) == {"a": 1}
    assert as_list({"a": 1}) == []
    assert as_mapping([1]) == {}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [((), {"a": {"b": 1}}), (("a", "b"), 1), (("a", "c"), None), (("a", "b", "c"), None)],
)
def test_the_member_behind_keys(keys: tuple[str, ...], expected: object) -> None:
    assert member_at({"a": {"b": 1}}, *keys) == expected
