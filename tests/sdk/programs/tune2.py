"""A tuning job and a warm start with version 2 of the SageMaker SDK, as in a notebook."""

import json

import sagemaker
from prepared import METRICS, ROLE
from sagemaker.sklearn import SKLearn
from sagemaker.tuner import (
    CategoricalParameter,
    ContinuousParameter,
    HyperparameterTuner,
    WarmStartConfig,
    WarmStartTypes,
)

session = sagemaker.Session(default_bucket="sdk")
estimator = SKLearn(
    source_dir="src",
    entry_point="train.py",
    framework_version="1.2-1",
    role=ROLE,
    instance_type="ml.m5.large",
    sagemaker_session=session,
)


def tune(**settings):
    """Run a tuning job to its end."""
    tuner = HyperparameterTuner(
        estimator,
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
    tuner.fit({"train": "s3://sdk/train/"}, wait=True)
    return tuner


parent = tune()
name = parent.latest_tuning_job.name
child = tune(
    base_tuning_job_name="child",
    warm_start_config=WarmStartConfig(WarmStartTypes.TRANSFER_LEARNING, parents={name}),
)
attached = HyperparameterTuner.attach(name, sagemaker_session=session)
print(
    json.dumps(
        {
            "status": parent.describe()["HyperParameterTuningJobStatus"],
            "child": child.describe()["HyperParameterTuningJobStatus"],
            "best": attached.best_training_job(),
            "values": sorted(parent.analytics().dataframe()["FinalObjectiveValue"]),
            "name": name,
        }
    )
)
