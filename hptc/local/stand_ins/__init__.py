"""Programs that stand in for AWS's built-in algorithms on this machine.

They run as training jobs, `python -m hptc.local.stand_ins NAME`, and never in hptc's own process.
"""
