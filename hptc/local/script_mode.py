"""What the SageMaker training toolkit passes to a script in a framework container.

The toolkit reads each hyperparameter as JSON if it can, passes it to the script as an argument, and
describes the container in variables that start with `SM_`:
https://github.com/aws/sagemaker-training-toolkit/blob/master/src/sagemaker_training/environment.py
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hptc.catalog.framework_arguments import MODEL_DIR, adds_model_dir, model_dir
from hptc.request.job_facts import OBJECTIVE_METRIC, PROGRAM, SUBMIT_DIRECTORY, toolkit_value

REQUIREMENTS = "requirements.txt"

_PREFIX = "sagemaker_"
_WITHHELD = (OBJECTIVE_METRIC, "default_user_module_name")
_OWN = (  # the toolkit's own settings; others with the prefix are for a framework
    PROGRAM,
    SUBMIT_DIRECTORY,
    "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_region",
    "sagemaker_container_log_level",
    "sagemaker_job_name",
    "sagemaker_s3_output",
)
_CHANNEL_VARIABLE = re.compile(r"\bSM_CHANNEL_[A-Za-z0-9_-]+")
_INFO = 20  # logging.INFO


def program(hyperparameters: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    """The entry point that a training job names; None if it names none."""
    return _setting(PROGRAM, hyperparameters, environment)


def submit_directory(
    hyperparameters: Mapping[str, str], environment: Mapping[str, str]
) -> str | None:
    """Where a training job says that its code is; None if it doesn't."""
    return _setting(SUBMIT_DIRECTORY, hyperparameters, environment)


def _setting(
    name: str, hyperparameters: Mapping[str, str], environment: Mapping[str, str]
) -> str | None:
    if name in hyperparameters:
        return str(toolkit_value(hyperparameters[name]))
    return environment.get(name.upper())


def passed_on(
    hyperparameters: Mapping[str, str], image: str | None, training_job: str
) -> Mapping[str, str]:
    """The hyperparameters that the container of an image passes to the script."""
    if not adds_model_dir(image):
        return hyperparameters
    own = hyperparameters.get(MODEL_DIR)
    value = model_dir(None if own is None else toolkit_value(own), training_job)
    return {**hyperparameters, MODEL_DIR: json.dumps(value)}


def arguments(hyperparameters: Mapping[str, str]) -> list[str]:
    """The arguments of the script: `--name value` for each hyperparameter, in sorted order."""
    words = []
    for name, value in sorted(_visible(hyperparameters).items()):
        words.append(f"--{name}" if len(name) > 1 else f"-{name}")
        if isinstance(value, dict):
            words.append(",".join(f"{key}={item}" for key, item in sorted(value.items())))
        else:
            words.append("" if value is None else str(value))
    return words


def command(python: str, code: Path, entry_point: str, words: Sequence[str]) -> list[str]:
    """The command that runs an entry point in the folder of its code.

    A folder with a setup.py is a package, and anything that is not Python is a command.
    """
    if (code / "setup.py").exists():
        return [python, "-m", entry_point.removesuffix(".py"), *words]
    if entry_point.endswith(".py"):
        return [python, entry_point, *words]
    return ["/bin/sh", "-c", './"$0" "$@"', entry_point, *words]


def variables(
    base: Path,
    hyperparameters: Mapping[str, str],
    *,
    entry_point: str,
    channels: Mapping[str, Mapping[str, str]],
    resources: Mapping[str, Any],
    job_name: str,
) -> dict[str, str]:
    """The `SM_` variables. `channels` and `resources` are what the two files in /opt/ml have."""
    visible = _visible(hyperparameters)
    read = {name: toolkit_value(text) for name, text in hyperparameters.items()}
    framework = {
        name: value
        for name, value in read.items()
        if name.startswith(_PREFIX) and name not in _OWN and name not in _WITHHELD
    }
    group = resources["current_group_name"]
    groups = {
        instance_group["instance_group_name"]: instance_group
        for instance_group in resources["instance_groups"]
    }
    settings: dict[str, Any] = {
        "hosts": resources["hosts"],
        "network_interface_name": resources["network_interface_name"],
        "hps": visible,
        "user_entry_point": entry_point,
        "framework_params": framework,
        "resource_config": resources,
        "input_data_config": channels,
        "output_data_dir": f"{base}/output/data",
        "channels": sorted(channels),
        "current_host": resources["current_host"],
        "current_instance_type": resources["current_instance_type"],
        "current_instance_group": group,
        "current_instance_group_hosts": groups[group]["hosts"],
        "instance_groups": list(groups),
        "instance_groups_dict": groups,
        "distribution_instance_groups": [],
        "is_hetero": False,
        "module_name": entry_point.removesuffix(".py"),
        "log_level": read.get("sagemaker_container_log_level", _INFO),
        "framework_module": None,
        "input_dir": f"{base}/input",
        "input_config_dir": f"{base}/input/config",
        "output_dir": f"{base}/output",
        "num_cpus": os.cpu_count(),
        "num_gpus": count_gpus(),
        "num_neurons": 0,
        "model_dir": f"{base}/model",
        "module_dir": str(read.get(SUBMIT_DIRECTORY, f"{base}/code")),
        "user_args": arguments(hyperparameters),
        "output_intermediate_dir": f"{base}/output/intermediate",
    }
    inputs = {name: f"{base}/input/data/{name}" for name in channels}
    # The toolkit's Environment, which has most of them a second time.
    whole = {
        "additional_framework_parameters": framework,
        "channel_input_dirs": inputs,
        "distribution_hosts": [],
        "hyperparameters": visible,
        "is_master": True,
        "is_modelparallel_enabled": None,
        "is_smddpmprun_installed": False,
        "is_smddprun_installed": False,
        "job_name": job_name,
        "master_hostname": resources["current_host"],
        "topology": [],
        **{name: value for name, value in settings.items() if name not in _NOT_IN_ENVIRONMENT},
    }
    settings |= {"training_env": whole}
    settings |= {f"channel_{name}": path for name, path in inputs.items()}
    settings |= {f"hp_{name}": value for name, value in visible.items()}
    return {f"SM_{name.upper()}": _encoded(value) for name, value in settings.items()}


_NOT_IN_ENVIRONMENT = ("hps", "framework_params", "channels", "user_args")


def channel_variables(script: str) -> list[str]:
    """The variables of input channels that the text of a script names, such as SM_CHANNEL_TRAIN."""
    return sorted(set(_CHANNEL_VARIABLE.findall(script)))


def _visible(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: toolkit_value(text)
        for name, text in hyperparameters.items()
        if not name.startswith(_PREFIX) and name not in _WITHHELD
    }


def _encoded(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@cache
def count_gpus() -> int:
    """The number of GPUs of this machine, as the driver of NVIDIA lists them."""
    return len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
