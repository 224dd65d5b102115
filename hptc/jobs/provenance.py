"""Where a job comes from: read from git, which is asked and never changed, and told as its tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.errors import UsageError
from hptc.request.emission import Request
from hptc.source import git

if TYPE_CHECKING:
    from hptc.compiler.outcome import Compiled

TAG_PREFIX = "hptc:"
MAX_TAGS = 50
_MAX_TAG_VALUE = 256
_NO_TAG_CHARACTER = re.compile(r"[^\w\s.:/=+\-@]")
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A spec's path in its repository, and the commit with `-dirty` when the spec has changed."""

    spec: str
    commit: str | None = None


def provenance_of(path: Path) -> Provenance:
    """Read it; a spec outside git has its path only."""
    top = git.git_output(path.parent, "rev-parse", "--show-toplevel")
    if top is None:
        return Provenance(spec=path.name)
    inside = path.resolve().relative_to(Path(top).resolve()).as_posix()
    commit = git.git_output(path.parent, "rev-parse", "--short=12", "HEAD")
    changed = git.git_output(path.parent, "status", "--porcelain", "--", path.name)
    return Provenance(spec=inside, commit=f"{commit}-dirty" if commit and changed else commit)


def provenance_tags(compiled: Compiled, provenance: Provenance) -> dict[str, str]:
    """The tags that tell where a job comes from; what is not known makes no tag."""
    environment = compiled.environment
    said = {
        "project": environment.project if environment else "",
        "environment": environment.name if environment else "",
        "spec": provenance.spec,
        "digest": compiled.digest,
        "commit": provenance.commit,
    }
    return {
        TAG_PREFIX + key: _NO_TAG_CHARACTER.sub("_", value)[-_MAX_TAG_VALUE:]
        for key, value in said.items()
        if value
    }


def add_tags(request: Request, tags: Mapping[str, str]) -> None:
    """Put tags into a request, in place, after its own. Raises UsageError when it has too many."""
    own = [tag for tag in request.get("Tags", []) if tag["Key"] not in tags]
    excess = len(own) + len(tags) - MAX_TAGS
    if excess > 0:
        raise UsageError(
            f"the job has {len(own)} tags and hptc adds {len(tags)}, but {MAX_TAGS} is the most",
            help=f"drop {excess} of them",
        )
    request["Tags"] = own + [{"Key": key, "Value": value} for key, value in tags.items()]
