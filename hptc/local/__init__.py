"""Tuning jobs that run on this machine: the same request, the same service interface.

service.py      create, run and stop tuning jobs: the entry point for commands and the sandbox
launching.py    a request and options to launches: how training jobs start, or why they can't
job_folder.py   the records of a tuning job on disk, from which everything else is derived
tuning_run.py   the loop: propose, start, read, stop
search/         what runs next, and what stops when: pure functions
training_run.py one training job: its files (container_files.py), process (process_group.py),
                log (log_tail.py) and metrics (metric_reader.py)
stand_ins/      programs in place of built-in algorithms, in processes of their own
local_reader.py describes all of it as AWS does
"""
