"""A script in AWS's scikit-learn container, with version 3 of the SageMaker SDK."""

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter
from sagemaker.core.shapes import OutputDataConfig, StoppingCondition
from sagemaker.core.training.configs import Compute, SourceCode
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

session = Session(default_bucket="my-bucket")
trainer = ModelTrainer(
    training_image=image_uris.retrieve("sklearn", session.boto_region_name, "1.2-1"),
    source_code=SourceCode(source_dir="src", entry_script="train.py"),
    role="arn:aws:iam::111122223333:role/tuning",
    compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=30),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
    output_data_config=OutputDataConfig(s3_output_path="s3://my-bucket/output/"),
    hyperparameters={"epochs": 27},
    sagemaker_session=session,
)
tuner = HyperparameterTuner(
    trainer,
    objective_metric_name="accuracy",
    objective_type="Maximize",
    metric_definitions=[{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
    hyperparameter_ranges={
        "learning-rate": ContinuousParameter(0.001, 1, scaling_type="Logarithmic"),
        "penalty": CategoricalParameter(["l1", "l2"]),
    },
    strategy="Bayesian",
    max_jobs=20,
    max_parallel_jobs=2,
    base_tuning_job_name="digits",
)
tuner.tune()
