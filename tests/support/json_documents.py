"""Compares JSON documents with the schemas of hptc, with a validator that is not ours."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from hptc.render.documents.schemas import document_schema


@cache
def _validator(command: str) -> Draft202012Validator:
    schema = document_schema(command)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def check_document(data: Any) -> None:
    """Raise ValidationError for a document that its command's schema does not describe."""
    _validator(data["command"]).validate(data)
