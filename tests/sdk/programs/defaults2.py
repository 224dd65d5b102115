"""A program that relies on the SDK's defaults: its bucket, and the role of a notebook."""

from pathlib import Path

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

session = sagemaker.Session()
Path("data.csv").write_text("1,2\n")
data = session.upload_data("data.csv", bucket="my-data", key_prefix="churn")
estimator = Estimator(
    sagemaker.image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    sagemaker.get_execution_role(),
    instance_count=1,
    instance_type="ml.m5.xlarge",
)
tuner = HyperparameterTuner(
    estimator,
    "validation:auc",
    {"eta": ContinuousParameter(0.01, 0.3, "Logarithmic")},
    max_jobs=20,
    base_tuning_job_name="defaults",
)
tuner.fit({"train": data, "validation": data}, wait=True)
print(tuner.best_training_job())
