"""Distinguishes requests in the API's own form from tuning specs."""

from __future__ import annotations

from collections.abc import Collection

from hptc.request.shapes import input_shape
from hptc.spec.tuning_spec import Spec


def is_api_form(keys: Collection[str]) -> bool:
    """Whether a file with these top-level keys is a request: most of them are the API's members.

    One capitalized key in a spec (`Tags:`) is a misspelled key, and one lowercase key in a request
    an unknown member. If there are as many of each, only a spec has a `name`.
    """
    members = sum(key in input_shape().members for key in keys)
    if members == 0:
        return False
    spec_keys = sum(key in Spec.model_fields for key in keys)
    return members > spec_keys or (members == spec_keys and "name" not in keys)
