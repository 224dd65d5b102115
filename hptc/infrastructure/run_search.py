"""Which tuning jobs are runs of a spec: what `latest(SPEC)` finds.

`hptc submit` and the state machine of a schedule both use this definition, so they can't disagree.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from hptc.frozen import frozen
from hptc.infrastructure.provenance_tags import TAG_PREFIX, provenance_tags
from hptc.project.project_file import Environment
from hptc.request.identity import MAX_STEM_LENGTH, scheduled_name_part, scheduled_stem

MAX_CANDIDATES = 50
"""The newest of the completed tuning jobs with a similar name; the tags of each may be read."""


@frozen
class ParentSpec:
    """A spec whose newest run is a warm-start parent. `path` is its file in the project."""

    name: str
    path: str


@frozen
class RunSearch:
    """How to recognize the runs of a spec in one environment.

    List finds candidates by `name_contains`, `stems` are the starts of their names, and tags
    identify a run. A job that a schedule started is identified by its name, which has digits for
    the project, the environment and the spec; any other by the path of the spec's file.
    """

    spec: str
    name_contains: str  # may be empty
    stem: str  # of names that are derived from content
    scheduled_stem: str
    project: str  # as in the tags of jobs
    environment: str
    paths: tuple[str, ...]  # in a project's folder, or only the file's name outside of git

    @property
    def stems(self) -> tuple[str, ...]:
        """The starts of the names of all runs."""
        return tuple(dict.fromkeys((self.stem, self.scheduled_stem)))

    def may_include(self, name: str) -> bool:
        """Whether a job's name is that of a run. Other specs may have similar names."""
        return name.startswith(self.stems)

    def includes(self, name: str, *, project: str, environment: str, path: str) -> bool:
        """Whether a job is a run, by its name and its tags."""
        if not self.may_include(name) or (project, environment) != (self.project, self.environment):
            return False
        return (
            name.startswith(self.scheduled_stem)
            or path in self.paths
            or path.endswith(f"/{self.paths[0]}")  # the project is in a folder of its repository
        )


def run_search(environment: Environment | None, parent: ParentSpec) -> RunSearch:
    """How to recognize the runs of a spec in an environment, or of one outside of a project."""
    project, name = (environment.project, environment.name) if environment else ("", "")
    tags = provenance_tags(project=project, environment=name, spec=parent.path, digest="")
    path = tags[f"{TAG_PREFIX}spec"]
    # All names of runs contain the start of the spec's name, but scheduled ones in lower case.
    parts = re.findall("[a-z0-9-]+", scheduled_name_part(parent.name))
    is_whole = len(parent.name) <= MAX_STEM_LENGTH
    return RunSearch(
        spec=parent.name,
        name_contains=max(parts, key=len, default="").strip("-"),
        stem=f"{parent.name}-" if is_whole else parent.name[:MAX_STEM_LENGTH].rstrip("-"),
        scheduled_stem=scheduled_stem(parent.name, project, name) + "-",
        project=tags.get(f"{TAG_PREFIX}project", ""),
        environment=tags.get(f"{TAG_PREFIX}environment", ""),
        paths=tuple(dict.fromkeys((path, PurePosixPath(path).name))),
    )
