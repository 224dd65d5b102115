"""`TrainingCode`: the code of a training job definition, and where it is uploaded to.

Script-mode containers read two hyperparameters: the script, and the archive that contains it
(https://github.com/aws/sagemaker-training-toolkit). With network isolation they can't download it,
so the archive is an input channel, as with the SageMaker SDK
(https://github.com/aws/sagemaker-python-sdk, `Framework._prepare_for_training` of version 2).
"""

from __future__ import annotations

from hptc.diagnostics import SpecPath
from hptc.frozen import frozen
from hptc.request.job_facts import CODE_CHANNEL
from hptc.source.packing import ARCHIVE, PackedCode

PATH_IN_CHANNEL = f"/opt/ml/input/data/{CODE_CHANNEL}/{ARCHIVE}"


@frozen
class TrainingCode:
    """The `source` of a training job definition. `bucket` and `kms_key_id` can be references."""

    at: SpecPath  # of `source`
    directory: str
    entry_point: str
    packed: PackedCode
    bucket: str
    key: str
    kms_key_id: str | None  # encrypts the archive; None for the bucket's own encryption
    written: tuple[SpecPath, ...] = ()  # what the author sets by hand, but `source` sets

    @property
    def uri(self) -> str:
        """The S3 URI of the archive."""
        return f"s3://{self.bucket}/{self.key}"


def code_key(project: str, digest: str) -> str:
    """The key of an archive in the artifact bucket: the same code has the same key."""
    return f"{project}/source/{digest}/{ARCHIVE}"
