"""Hooks of mkdocs: https://www.mkdocs.org/user-guide/configuration/#hooks.

The pages in docs/ are written for GitHub, where they link to files of the repository. On the site,
some of these files are pages too, and links to all others lead to GitHub.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs_site import rule_families
from docs_site.github_markdown import to_python_markdown

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/hptc/hptc"
PAGES_OF_THE_ROOT = {
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files beside docs/ that the site has as pages, and their names there."""

_FENCED = re.compile(r"^( *)(`{3,}).*?^\1\2`*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?P<start>(?<!`)!?\[(?:[^\[\]]|\[[^\]]*\])*\]\()(?P<target>[^)\s]+)\)")
_LOG = logging.getLogger("mkdocs.plugins.hptc")  # a warning fails `mkdocs build --strict`


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are outside docs/, and a page for each family of rules."""
    for name, page in PAGES_OF_THE_ROOT.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=linked(text, ROOT, page)))
    rules = files.get_file_from_path(rule_families.PAGE)
    if rules is not None:
        files.remove(rules)
        for page, text in rule_families.rule_pages(rules.content_string).items():
            files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Rewrite a page for mkdocs."""
    if page.file.src_uri not in PAGES_OF_THE_ROOT.values():
        markdown = linked(markdown, DOCS, page.file.src_uri)
    return to_python_markdown(markdown)


def linked(text: str, folder: Path, page: str) -> str:
    """A page whose links to files outside docs/ lead to pages of the site, or to GitHub."""
    parts, end = [], 0
    for block in _FENCED.finditer(text):
        parts += [_with_links(text[end : block.start()], folder, page), block[0]]
        end = block.end()
    return "".join([*parts, _with_links(text[end:], folder, page)])


def _with_links(text: str, folder: Path, page: str) -> str:
    return _LINK.sub(lambda link: f"{link['start']}{_target(link['target'], folder, page)})", text)


def _target(target: str, folder: Path, page: str) -> str:
    name, mark, anchor = target.partition("#")
    if not name or ":" in name:
        return target
    path = (folder / name).resolve()
    if not path.exists():
        if not path.is_relative_to(DOCS):  # mkdocs reports the others
            _LOG.warning("%s links to %s, which does not exist", page, target)
        return target
    inside = path.relative_to(ROOT).as_posix()
    if inside in PAGES_OF_THE_ROOT:
        return f"{PAGES_OF_THE_ROOT[inside]}{mark}{anchor}"
    if inside == f"docs/{rule_families.PAGE}" and anchor:
        return f"{rule_families.page_of(anchor)}{mark}{anchor}"
    if inside.startswith("docs/"):
        return f"{inside.removeprefix('docs/')}{mark}{anchor}"
    kind = "tree" if path.is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{inside}{mark}{anchor}"
