"""What `import hptc` offers, and what the command line is built on.

specs.py     which specs are meant, and their compilation
targets.py   which tuning job a name means, and the connection to its account
offline.py   check, compile, diff, cost
online.py    plan, submit, results
answers.py   the frozen answers of these functions

Nothing here prints, asks or ends the process.
"""
