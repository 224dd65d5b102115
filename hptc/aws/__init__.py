"""The calls to AWS. Nothing else imports boto3, and this only when a connection is made."""
