"""Every call of hptc to AWS; boto3 is imported nowhere else, and only when a call is made."""
