"""A review in the format that the user chose. Each format has its module:

- `diff_text` for a terminal, `diff_markdown` for a pull request;
- `diff_json` for programs, `diff_annotations` for the changed lines in GitHub.

They share their words: `diff_verdicts` for all changes together, `diff_sections` for the files that
changed, `diff_titles` for one change, and `diff_consequences` for what follows for one spec.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from hptc.diff.review import Review
from hptc.render.diff_annotations import render_annotations
from hptc.render.diff_json import render_json
from hptc.render.diff_markdown import render_markdown
from hptc.render.diff_text import render_text


class Format(StrEnum):
    """The output formats of `hptc diff`."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    GITHUB = "github"


def render_diff(review: Review, form: Format, *, color: bool = False) -> str:
    """A review in one format, ending with a line break."""
    match form:
        case Format.TEXT:
            return render_text(review, color=color)
        case Format.MARKDOWN:
            return render_markdown(review)
        case Format.JSON:
            return render_json(review)
        case Format.GITHUB:
            return render_annotations(review)
    assert_never(form)
