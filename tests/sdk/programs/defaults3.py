"""A program that relies on the SDK's defaults: its bucket, and the role of a notebook."""

from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.parameter import ContinuousParameter
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

session = Session()
Path("data.csv").write_text("1,2\n")
data = session.upload_data("data.csv", bucket="my-data", key_prefix="churn")
trainer = ModelTrainer(
    training_image=image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    role=get_execution_role(session),
    sagemaker_session=session,
)
tuner = HyperparameterTuner(
    trainer,
    "validation:auc",
    {"eta": ContinuousParameter(0.01, 0.3, "Logarithmic")},
    max_jobs=20,
    base_tuning_job_name="defaults",
)
tuner.tune({"train": data, "validation": data}, wait=True)
print(tuner.best_training_job())
