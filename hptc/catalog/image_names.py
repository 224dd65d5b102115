"""Other names of AWS's images: those of the docs, of the SDK and of the ECR repositories."""

from __future__ import annotations

from collections.abc import Sequence

from hptc.diagnostics import nearest

_ALIASES = {
    "blazing-text": "blazingtext",
    "deepar": "forecasting-deepar",
    "fm": "factorization-machines",
    "huggingface": "huggingface-pytorch-training",
    "huggingface-pytorch": "huggingface-pytorch-training",
    "huggingface-tensorflow": "huggingface-tensorflow-training",
    "ic": "image-classification",
    "ip-insights": "ipinsights",
    "latent-dirichlet-allocation": "lda",
    "mxnet": "mxnet-training",
    "neural-topic-model": "ntm",
    "principal-component-analysis": "pca",
    "pytorch": "pytorch-training",
    "random-cut-forest": "randomcutforest",
    "rcf": "randomcutforest",
    "sagemaker-xgboost": "xgboost",
    "scikit-learn": "sagemaker-scikit-learn",
    "sequence-to-sequence": "seq2seq",
    "sklearn": "sagemaker-scikit-learn",
    "tensorflow": "tensorflow-training",
    "transformers": "huggingface-pytorch-training",
    "xgb": "xgboost",
}
_JUMPSTART = ("autogluon-tabular", "catboost", "lightgbm", "tabtransformer")
"""Built-in algorithms that are JumpStart models, without an image of their own:
https://docs.aws.amazon.com/sagemaker/latest/dg/algorithms-tabular.html"""


def meant_image(name: str, names: Sequence[str]) -> str | None:
    """The member of `names` that another name or a misspelling stands for; None if none does."""
    key = name.lower().replace("_", "-").replace(" ", "-")
    if key in _JUMPSTART:
        return None
    alias = _ALIASES.get(key)
    return alias if alias in names else nearest(name, tuple(names), cutoff=0.75)
