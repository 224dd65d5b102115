"""The results of a tuning job: tables, failures, evidence and the next spec.

It reads what a service reports, so it works on AWS and on this machine alike.
"""
