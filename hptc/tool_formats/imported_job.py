"""A tuning job as another tool has it, read as a request."""

from __future__ import annotations

from hptc.diagnostics import Path, path_text
from hptc.frozen import frozen
from hptc.request.emission import Request


@frozen
class OpenValue:
    """A value that only the other tool knows, such as a state machine's input.

    In a request, it stands for the value; `sample` is a valid one of the same type. `template` is
    the text in the spec, with `{{ variable }}`.
    """

    template: str
    expression: str  # what the other tool has in its place
    sample: str | int | float | bool


@frozen
class OpenMember:
    """A member of the request with an open value. A list or a structure has no `template`."""

    path: Path
    template: str
    expression: str

    @property
    def place(self) -> str:
        """The member, as in the API's documentation."""
        return path_text(self.path)


@frozen
class ImportedJob:
    """A request, with what a person should know about how it was read."""

    request: Request
    form: str  # what was read, for the spec's first line
    notes: tuple[str, ...] = ()
    open_members: tuple[OpenMember, ...] = ()
