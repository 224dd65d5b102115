#!/bin/sh
# The main job, end to end, on the embedded local AWS. `make demo` runs it; no account is needed.
set -eu
spec=specs/direct-marketing-xgboost.yaml
account=123456789012
region=us-east-1

step() { printf '\n\033[1m==> %s\033[0m\n    $ %s\n' "$1" "$2"; }

if [ "${1:-}" != inside ]; then
    exec hptc sandbox --account $account --region $region -- sh "$0" inside
fi

step "Check the specs" "hptc check"
hptc check

step "Compile them into requests" "hptc compile specs -o build/requests"
hptc compile specs -o build/requests
head -n 12 build/requests/direct-marketing-xgboost.json
echo "  … as --cli-input-json of the AWS CLI takes it"

step "Prepare the account for the CDK" "cdk bootstrap"
cdk bootstrap aws://$account/$region --progress bar >build/bootstrap.log 2>&1 || { cat build/bootstrap.log; exit 1; }
grep "bootstrapped" build/bootstrap.log

step "Deploy the stacks: a foundation, and a role for each spec" "hptc deploy --yes"
hptc deploy --yes

step "What is there to do, and what may it cost?" "hptc plan $spec"
hptc plan $spec

step "Submit one spec" "hptc submit $spec"
hptc submit $spec

step "Submit it again: the same content is the same job" "hptc submit $spec"
hptc submit $spec

step "Describe it — the results below are placeholders: nothing was trained" "hptc status $spec"
hptc status $spec

step "All tuning jobs of the account" "hptc list"
hptc list

cat <<'END'

What you saw: real specs, real requests, real CloudFormation templates, the real cdk and boto3, and
a stand-in for AWS (moto, inside `hptc sandbox`). The stand-in completes every tuning job at once
and makes up one training job whose name ends in "-sandbox": nothing was trained, and no number
above is a result. It enforces no permissions and no quotas. On a real account the same commands
run without the sandbox: see "On a real account" in README.md.
END
