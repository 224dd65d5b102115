"""The CDK app of this repository: the stacks of every spec. cdk.json runs it; `cdk deploy` works.

`-c env=NAME` chooses the environment. A spec with errors stops it, with the diagnostics on stderr.
"""

import json
import os
import sys
from pathlib import Path

from hptc.cdk.synth import synth_project
from hptc.errors import EXIT_FINDINGS, HptcError


def main() -> int:
    """Write the assembly to where the CDK CLI wants it."""
    context = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    outdir = Path(os.environ.get("CDK_OUTDIR", "cdk.out"))
    try:
        result = synth_project(Path(__file__).parent.parent, context.get("env"), outdir)
    except HptcError as error:
        sys.stderr.write(
            f"error: {error.message}\n" + (f"  help: {error.help}\n" * bool(error.help))
        )
        return error.exit_code
    for each in result.diagnostics:
        place = f"{each.span.file}:{each.span.line}:{each.span.column}"
        sys.stderr.write(f"{place}: {each.severity}[{each.code}]: {each.message}\n")
    return 0 if result.assembly is not None else EXIT_FINDINGS


if __name__ == "__main__":
    sys.exit(main())
