"""The Regions where SageMaker is available, in every partition, from botocore's endpoint data."""

from __future__ import annotations


def sagemaker_regions() -> tuple[str, ...]:
    """The names of the Regions that the installed botocore lists for SageMaker, sorted.

    https://docs.aws.amazon.com/general/latest/gr/sagemaker.html lists those of the default
    partition. Makes no call.
    """
    from botocore.session import Session

    session = Session()
    return tuple(
        sorted(
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("sagemaker", partition_name=partition)
        )
    )


def configured_region() -> str | None:
    """The Region of the user's environment or profile, None if there is none. Makes no call."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        region = Session().get_config_variable("region")
    except BotoCoreError:  # the profile doesn't exist, or its file can't be read
        return None
    return region if isinstance(region, str) else None
