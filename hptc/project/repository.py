"""The repository of a project, which tells two projects with the same name apart."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from hptc.source.git import git_output

_SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>[^/:]{2,}):(?P<path>[^\\].*)")
"""`git@github.com:acme/churn.git`, but not a path, and not `C:\\churn`:
https://git-scm.com/docs/git-clone#_git_urls"""


@cache
def repository_of(root: Path) -> str:
    """The repository of a project's folder, the same in every clone: `github.com/acme/churn`.

    It ends in the project's folder, if that is not the top of the repository. Without a remote, it
    is the folder on this machine.
    """
    folder = root.resolve()
    remote = _remote(folder)
    if remote is None:
        return f"file:{folder.as_posix()}"
    inside = git_output(folder, "rev-parse", "--show-prefix") or ""
    return "//".join(part for part in (normalized(remote), inside.strip("/")) if part)


def normalized(url: str) -> str:
    """A remote's host and path in lower case, without scheme, user, password and port."""
    scp = None if "://" in url else _SCP.fullmatch(url)
    if scp is not None:
        host, path = scp["host"], scp["path"]
    elif "://" in url:
        parts = urlsplit(url)
        host, path = parts.netloc.rpartition("@")[2].partition(":")[0], parts.path
    else:
        host, path = "", url
    path = path.rstrip("/").removesuffix(".git").rstrip("/")
    return f"{host}/{path.lstrip('/')}".lower() if host else f"file:{path}"


def _remote(folder: Path) -> str | None:
    """The URL of the remote `origin`, or else of the first one; None without a remote."""
    names = (git_output(folder, "remote") or "").split()
    if not names:
        return None
    name = "origin" if "origin" in names else sorted(names)[0]
    return git_output(folder, "remote", "get-url", name)
