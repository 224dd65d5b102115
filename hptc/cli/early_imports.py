"""Imports the models and the rules before the modules that need them, while the stack is shallow.

Python 3.11 and 3.12 free the last chunk of the stack with the call that began it. A loop at the
edge of a chunk gets a new one for each call (https://github.com/python/cpython/issues/142183),
and a chain of imports, each of six calls, reaches several edges. Without these imports, `hptc check
one.yaml` gets 1,300 chunks and takes a twentieth longer; with them, 50.
"""

import hptc.project.project_file
import hptc.rules  # noqa: F401
