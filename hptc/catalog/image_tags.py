"""Whether AWS publishes a tag: built-in algorithms have few, framework containers many."""

import re

from hptc.catalog import frameworks, images
from hptc.catalog.frameworks import TagProblem

_NUMBER = r"[0-9]+"


def tag_problem(repository: str, tag: str) -> TagProblem | None:
    """Return the part of a tag that AWS does not list for one of its repositories; None if listed.

    A tag without the form of any listed tag is a `form` problem: AWS has never published one like
    it. Any other problem may be a tag that is newer than the tables.
    """
    in_table = images.repositories().get(repository)
    if in_table is None or not in_table.tags:
        return frameworks.tag_problem(repository, tag)
    if in_table.version_of(tag) is not None:
        return None
    listed = tuple(in_table.tags.values())
    forms = {_form(listed_tag) for listed_tag in (*listed, *in_table.other_tags)}
    return TagProblem(part="tag" if _form(tag) in forms else "form", value=tag, valid=listed)


def _form(tag: str) -> str:
    return re.sub(_NUMBER, "0", tag)
