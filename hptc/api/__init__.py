"""What `import hptc` offers, and what the command line is built on.

projects.py      `load_project` and the project, whose methods are the API
answers.py       the frozen answers about specs: findings, requests, comparisons, costs
job_answers.py   the frozen answers about tuning jobs: plans, submissions, results
specs.py         which specs are meant, and their compilation
targets.py       which tuning job a name means; local_target.py, one on this machine
offline.py       diff, cost
online.py        plan, submit, results
extras.py        optional dependencies

Nothing here prints, asks or ends the process.
"""
