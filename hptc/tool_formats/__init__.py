"""What other tools keep of a tuning job: each form to the request that the tool would send."""
