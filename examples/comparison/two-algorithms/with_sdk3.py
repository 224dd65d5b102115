"""XGBoost and Linear Learner in one tuning job, with version 3 of the SageMaker SDK."""

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import ContinuousParameter
from sagemaker.core.shapes import OutputDataConfig, StoppingCondition
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

session = Session()
region = session.boto_region_name
shared = {
    "role": "arn:aws:iam::111122223333:role/tuning",
    "compute": Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=30),
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=3600),
    "output_data_config": OutputDataConfig(s3_output_path="s3://my-bucket/output/"),
    "sagemaker_session": session,
}
trees = ModelTrainer(
    training_image=image_uris.retrieve("xgboost", region, "1.7-1"),
    hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 100},
    **shared,
)
linear = ModelTrainer(
    training_image=image_uris.retrieve("linear-learner", region, "1"),
    hyperparameters={"predictor_type": "binary_classifier"},
    **shared,
)
tuner = HyperparameterTuner.create(
    model_trainer_dict={"trees": trees, "linear": linear},
    objective_metric_name_dict={
        "trees": "validation:auc",
        "linear": "validation:roc_auc_score",
    },
    objective_type="Maximize",
    hyperparameter_ranges_dict={
        "trees": {"eta": ContinuousParameter(0.01, 0.3, scaling_type="Logarithmic")},
        "linear": {"learning_rate": ContinuousParameter(0.0001, 0.5, scaling_type="Logarithmic")},
    },
    strategy="Bayesian",
    max_jobs=20,
    max_parallel_jobs=2,
    base_tuning_job_name="churn-two",
)
data = [
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
tuner.tune({"trees": data, "linear": data})
