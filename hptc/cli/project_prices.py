"""The price table of the current project."""

from __future__ import annotations

from hptc.api.specs import current_project
from hptc.catalog.prices import PriceTable, load_prices


def current_prices() -> PriceTable:
    """The prices of the current project over the package's own.

    Raises UsageError if its file can't be read.
    """
    project = current_project()
    return load_prices(project.root if project else None)
