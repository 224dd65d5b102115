"""The calls to AWS. No other package imports boto3, and this one only when it connects."""
