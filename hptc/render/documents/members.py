"""The base of all members of JSON documents.

Only the schema generator imports these modules when hptc runs; renderers import them for typing.
"""

from __future__ import annotations

from pydantic import ConfigDict
from typing_extensions import TypedDict  # Pydantic needs it before Python 3.12


class Members(TypedDict):
    """Members that a document has, and no others. A string below a member describes it."""


# Pydantic finds it on the class and on those that derive from it.
Members.__pydantic_config__ = ConfigDict(  # type: ignore[attr-defined]
    extra="forbid", use_attribute_docstrings=True
)
