"""Cost bounds of compiled specs, computed with the prices of their projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hptc.catalog.prices import ProjectPrices
from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound, cost_bound, job_region
from hptc.project import project_file


def cost_bounds() -> Callable[[Compiled], CostBound]:
    """A function that bounds a spec's cost; it reads each project's prices once."""
    prices = ProjectPrices()

    def bound(compiled: Compiled) -> CostBound:
        project_path = project_file.find(Path(compiled.file).resolve().parent)
        table = prices.of(project_path.parent if project_path else None)
        return cost_bound(compiled.job, job_region(compiled.job, compiled.environment), table)

    return bound
