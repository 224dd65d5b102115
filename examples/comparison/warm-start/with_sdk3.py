"""AWS's XGBoost, with the results of an earlier tuning job, with version 3 of the SageMaker SDK."""

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
from sagemaker.core.shapes import (
    HyperParameterTuningJobWarmStartConfig,
    OutputDataConfig,
    ParentHyperParameterTuningJob,
    StoppingCondition,
)
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

session = Session()
trainer = ModelTrainer(
    training_image=image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    role="arn:aws:iam::111122223333:role/tuning",
    compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=30),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
    output_data_config=OutputDataConfig(s3_output_path="s3://my-bucket/output/"),
    hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 100},
    sagemaker_session=session,
)
tuner = HyperparameterTuner(
    trainer,
    objective_metric_name="validation:auc",
    objective_type="Maximize",
    hyperparameter_ranges={
        "eta": ContinuousParameter(0.01, 0.3, scaling_type="Logarithmic"),
        "max_depth": IntegerParameter(2, 10),
    },
    strategy="Bayesian",
    max_jobs=20,
    max_parallel_jobs=2,
    early_stopping_type="Auto",
    base_tuning_job_name="churn-again",
    warm_start_config=HyperParameterTuningJobWarmStartConfig(
        warm_start_type="TransferLearning",
        parent_hyper_parameter_tuning_jobs=[
            ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name="churn-2026-10")
        ],
    ),
)
tuner.tune(
    [
        InputData(
            channel_name="train",
            data_source="s3://my-bucket/churn/train/",
            content_type="text/csv",
        ),
        InputData(
            channel_name="validation",
            data_source="s3://my-bucket/churn/validation/",
            content_type="text/csv",
        ),
    ]
)
