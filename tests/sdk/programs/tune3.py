"""A tuning job and a warm start with version 3 of the SageMaker SDK, as in a notebook."""

import json

from prepared import METRICS, ROLE
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter
from sagemaker.core.shapes import (
    HyperParameterTuningJobWarmStartConfig,
    ParentHyperParameterTuningJob,
)
from sagemaker.core.training.configs import Compute, SourceCode
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

session = Session(default_bucket="sdk")
trainer = ModelTrainer(
    training_image=image_uris.retrieve("sklearn", session.boto_region_name, "1.2-1"),
    source_code=SourceCode(source_dir="src", entry_script="train.py"),
    role=ROLE,
    compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=30),
    sagemaker_session=session,
)


def tune(**settings):
    """Run a tuning job to its end."""
    tuner = HyperparameterTuner(
        trainer,
        "loss",
        {
            "rate": ContinuousParameter(0.01, 1, "Logarithmic"),
            "kind": CategoricalParameter(["a", "b"]),
        },
        METRICS,
        strategy="Random",
        objective_type="Minimize",
        max_jobs=2,
        max_parallel_jobs=2,
        **settings,
    )
    tuner.tune({"train": "s3://sdk/train/"}, wait=True)
    return tuner


parent = tune()
name = parent.latest_tuning_job.hyper_parameter_tuning_job_name
child = tune(
    base_tuning_job_name="child",
    warm_start_config=HyperParameterTuningJobWarmStartConfig(
        warm_start_type="TransferLearning",
        parent_hyper_parameter_tuning_jobs=[
            ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name=name)
        ],
    ),
)
print(
    json.dumps(
        {
            "status": parent.describe().hyper_parameter_tuning_job_status,
            "child": child.describe().hyper_parameter_tuning_job_status,
            "best": parent.best_training_job(),
            "values": sorted(parent.analytics().dataframe()["FinalObjectiveValue"]),
            "name": name,
        }
    )
)
