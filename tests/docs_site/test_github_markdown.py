"""GitHub's Markdown as Python-Markdown reads it."""

from __future__ import annotations

import pytest

from docs_site.github_markdown import to_python_markdown


@pytest.mark.parametrize(
    ("github", "expected"),
    [
        ("Text:\n- a\n- b", "Text:\n\n- a\n- b"),
        ("- a\n  - b\n    - c\n- d", "- a\n    - b\n        - c\n- d"),
        ("1. a\n\n   more\n2. b", "1. a\n\n    more\n2. b"),
        ("- a\n  continued\n- b", "- a\n    continued\n- b"),
        ("- a\n\nAfter", "- a\n\nAfter"),
        ("- a\n\n  ```sh\n  - x\n  ```\n- b", "- a\n\n    ```sh\n    - x\n    ```\n- b"),
        ("```yaml fragment\n- a\n  - b\n```", "```yaml\n- a\n  - b\n```"),
        ('```python title="a.py"\nx\n```', '```python title="a.py"\nx\n```'),
        ("````markdown\n```\n- a\n````\nText\n- b", "````markdown\n```\n- a\n````\nText\n\n- b"),
        ("| a |\n|---|\n| - |", "| a |\n|---|\n| - |"),
        ("a - b\n* c * d", "a - b\n\n* c * d"),
    ],
    ids=[
        "after a paragraph", "nested", "numbered", "continued", "a paragraph after",
        "a fence inside", "words after a fence", "a title", "a fence in a fence",
        "a table", "a dash in a paragraph",
    ],
)  # fmt: skip
def test_a_page_is_rewritten(github: str, expected: str) -> None:
    assert to_python_markdown(github) == expected
