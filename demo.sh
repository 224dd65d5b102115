#!/bin/sh
# The main job, end to end, on the embedded local AWS. `make demo` runs it; no account is needed.
set -eu
spec=specs/direct-marketing-xgboost.yaml

step() { printf '\n\033[1m==> %s\033[0m\n    $ %s\n' "$1" "$2"; }

if [ "${1:-}" != inside ]; then
    exec hptc sandbox -- sh "$0" inside
fi

step "Check the specs" "hptc check"
hptc check

step "Compile them into requests" "hptc compile specs -o build/requests"
hptc compile specs -o build/requests

step "Prepare the account for the CDK" "cdk bootstrap"
cdk bootstrap aws://123456789012/us-east-1 --progress bar 2>&1 | grep -E "bootstrapped|fail|error" || true

step "Deploy the stacks: the foundation, and a role for each spec" "hptc deploy --yes"
CDK_VALIDATION=false hptc deploy --yes

step "Submit one spec" "hptc submit $spec"
hptc submit $spec

step "Submit it again: the same content is the same job" "hptc submit $spec"
hptc submit $spec

step "How is it doing?" "hptc status $spec"
hptc status $spec

step "All jobs" "hptc list"
hptc list

cat <<'END'

What you saw: real specs, real CloudFormation templates, the real cdk and boto3 — and a stand-in for
AWS. It completes every tuning job at once and makes up one training job ("FakeTrainingJobName"):
nothing was trained, and no metric above means anything. On a real account the same commands run
without the sandbox: see "On a real account" in README.md.
END
