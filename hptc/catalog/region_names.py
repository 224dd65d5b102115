"""The Regions of AWS: those of the image table and, for new ones, of the installed botocore."""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path

from hptc.catalog import images
from hptc.diagnostics import fold, nearest


def is_region(name: str) -> bool:
    """Whether a Region exists. Without botocore's list, every name is accepted."""
    return name in _regions_with_images() or name in _botocore_regions() or not _botocore_regions()


def region_names() -> tuple[str, ...]:
    """Every Region that hptc knows, by name."""
    return tuple(sorted(_regions_with_images() | _botocore_regions()))


def meant_region(name: str) -> str | None:
    """The Region that a misspelled name means: with the same letters, or else a similar one."""
    regions = region_names()
    letters = sorted(fold(name))
    same = tuple(region for region in regions if sorted(fold(region)) == letters)
    return nearest(name, same or regions, cutoff=0.8)


@functools.cache
def _regions_with_images() -> frozenset[str]:
    return frozenset(images.all_regions())


@functools.cache
def _botocore_regions() -> frozenset[str]:
    """The Regions in botocore's data, read without importing botocore."""
    spec = importlib.util.find_spec("botocore")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(location, "data", "partitions.json")
        if file.is_file():
            partitions = json.loads(file.read_bytes())["partitions"]
            return frozenset(
                region
                for partition in partitions
                for region in partition["regions"]
                if not region.endswith("-global")  # endpoints of services without Regions
            )
    return frozenset()
