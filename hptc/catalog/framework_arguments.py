"""The arguments that AWS's framework containers pass to a script besides its hyperparameters.

Only TensorFlow's container adds one. In a tuning job, it always passes `--model_dir` to the script,
and a path in S3 gets the name of the training job:
https://github.com/aws/sagemaker-tensorflow-training-toolkit/blob/v20.4.1/src/sagemaker_tensorflow_container/training.py
The Hugging Face containers for TensorFlow are built on it:
https://github.com/aws/deep-learning-containers/tree/master/huggingface/tensorflow/training/docker
The containers of PyTorch, MXNet, scikit-learn, XGBoost and Chainer pass the hyperparameters alone,
`args=training_environment.to_cmd_args()`:
https://github.com/aws/sagemaker-pytorch-training-toolkit/blob/master/src/sagemaker_pytorch_container/training.py
"""

from __future__ import annotations

from hptc.catalog.images import identify

MODEL_DIR = "model_dir"
_TENSORFLOW = (
    "tensorflow-training",
    "huggingface-tensorflow-training",
    "huggingface-tensorflow-trcomp-training",
)
"""Since 2019. The older sagemaker-tensorflow-scriptmode has images from before that."""


def adds_model_dir(image: str | None) -> bool:
    """Whether an image passes `--model_dir` to the script of each training job of a tuning job."""
    identified = identify(image or "")
    return identified is not None and identified.image.repository in _TENSORFLOW


def model_dir(value: object, training_job: str) -> str:
    """The value of `--model_dir`. `value` is the hyperparameter `model_dir`; None without one."""
    text = str(value)
    return text if text.startswith("/opt/ml") else f"{text}/{training_job}/model"
