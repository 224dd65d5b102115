"""How much each tuned hyperparameter explains of the objective, if there is evidence for it."""

from __future__ import annotations

from hptc.frozen import frozen


@frozen
class Importance:
    """The importance of the hyperparameters of one definition, or why it is unknown."""

    definition: str
    shares: tuple[tuple[str, float], ...] = ()  # the most important first
    r_squared: float | None = None  # of the model behind it, on training jobs that it has not seen
    unknown: str = ""  # the reason
