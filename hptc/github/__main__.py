"""`python -m hptc.github FILE`: posts a review from a GitHub workflow."""

import sys

from hptc.github.comment import main

sys.exit(main())
