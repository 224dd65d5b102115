"""What a stand-in finds in its container's files, and what it writes to them and to the log.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from hptc.frozen import frozen
from hptc.local.available_stand_ins import STAND_INS

FAILURE_CODE = 1
SEED = 0  # so that training jobs with the same hyperparameters report the same values
_PREFIX = "_"  # of what SageMaker adds, such as `_tuning_objective_metric`


class TrainingError(Exception):
    """Why a training job fails, in words for its user."""


@frozen
class TrainingFiles:
    """The folder that replaces /opt/ml."""

    base: Path
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Mapping[str, Any]]  # the content of inputdataconfig.json

    @staticmethod
    def of_container() -> TrainingFiles:
        """The files of this process's training job."""
        base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
        config = base / "input/config"
        return TrainingFiles(
            base=base,
            hyperparameters=json.loads((config / "hyperparameters.json").read_bytes()),
            channels=json.loads((config / "inputdataconfig.json").read_bytes()),
        )

    def content_type(self, channel: str) -> str | None:
        """The content type of a channel, as the request has it."""
        content_type: str | None = self.channels[channel].get("ContentType")
        return content_type

    def data_files(self, channel: str) -> list[Path]:
        """The files of a channel. Raises TrainingError if there are none.

        AWS's containers skip names that start with `.` or `_`, which other tools leave there.
        """
        folder = self.base / "input/data" / channel
        files = [
            Path(place) / name
            for place, _, names in os.walk(folder)
            for name in names
            if not name.startswith((".", "_"))
        ]
        if not files:
            raise TrainingError(f"the input channel {channel} has no files")
        return sorted(files)

    def write_model(self, name: str, content: bytes) -> None:
        """Write a file of the model."""
        (self.base / "model" / name).write_bytes(content)

    def fail(self, reason: str) -> None:
        """Write the reason of a failure where SageMaker reads it, and to the log."""
        (self.base / "output/failure").write_text(reason, encoding="utf-8")
        print_line(f"error: {reason}")

    def introduce(self, name: str, version: str) -> None:
        """The first lines of the log: that this is a stand-in, and what has no effect in it.

        `name` is the algorithm's in hptc's catalog, and `version` that of the library.
        """
        stand_in = STAND_INS[name]
        print_line(
            f"hptc's stand-in for AWS's {stand_in.title}, on {stand_in.library} {version}: "
            "its values are not those of AWS's algorithm"
        )
        ignored = sorted(
            name
            for name in self.hyperparameters
            if name not in stand_in.hyperparameters and not name.startswith(_PREFIX)
        )
        if ignored:
            print_line(f"ignored hyperparameters: {', '.join(ignored)}")


def print_line(text: str) -> None:
    """Write a line to the log, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_metric(name: str, value: float) -> None:
    """Write the value of a metric under its name, such as `test:msd=0.5`."""
    print_line(f"{name}={float(value):.8g}")


class Settings:
    """Hyperparameters as numbers and choices. Every method raises TrainingError."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str) -> str:
        """A hyperparameter as it is; `default` if it is absent."""
        return self._values.get(name, default).strip()

    def choice(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self._values.get(name, default)
        if value is None:
            raise TrainingError(f"the hyperparameter {name} is required")
        if value not in choices:
            raise TrainingError(f"{name} must be one of {', '.join(choices)}, but is {value}")
        return value

    def integer(self, name: str, default: int | None = None, *, min: int = 1) -> int:
        """An integer of at least `min`; `auto` is the default."""
        value = self.number(name, default, min=min)
        if value != int(value):
            raise TrainingError(f"{name} must be an integer, but is {self._values[name]}")
        return int(value)

    def number(self, name: str, default: float | None = None, *, min: float = 0) -> float:
        """A number of at least `min`; `auto` is the default."""
        text = self._values.get(name)
        if text is None or (text == "auto" and default is not None):
            if default is None:
                raise TrainingError(f"the hyperparameter {name} is required")
            return default
        try:
            value = float(text)
        except ValueError:
            raise TrainingError(f"{name} must be a number, but is {text}") from None
        if not min <= value < float("inf"):
            raise TrainingError(f"{name} must be at least {min:g}, but is {text}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`; `auto` is the default."""
        text = self._values.get(name, "auto").lower()
        if text not in ("true", "false", "auto"):
            raise TrainingError(f"{name} must be true or false, but is {text}")
        return default if text == "auto" else text == "true"
