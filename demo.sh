#!/bin/sh
# Runs hptc end to end on the local AWS endpoint, without an AWS account: `make demo`.
set -eu
spec=specs/breast-cancer-script.yaml
account=123456789012
region=us-east-1

step() { printf '\n\033[1m==> %s\033[0m\n    $ %s\n' "$1" "$2"; }

if [ "${1:-}" != inside ]; then
    exec hptc sandbox --train --account $account --region $region -- sh "$0" inside
fi
mkdir -p build

step "Check the specs" "hptc check"
hptc check

step "Compile the specs into requests" "hptc compile specs -o build/requests"
hptc compile specs -o build/requests
head -n 12 build/requests/breast-cancer-script.json
echo "  … the input of aws sagemaker create-hyper-parameter-tuning-job --cli-input-json"

step "Bootstrap the account for the CDK" "cdk bootstrap"
cdk bootstrap aws://$account/$region --progress bar >build/bootstrap.log 2>&1 || { cat build/bootstrap.log; exit 1; }
grep "bootstrapped" build/bootstrap.log

step "Deploy the foundation stack, and a stack with an execution role for each spec" "hptc deploy --yes"
hptc deploy --yes

step "Plan: what would be submitted, and what could it cost on AWS?" "hptc plan $spec"
hptc plan $spec

step "Submit one spec, with the code of its training script" "hptc submit $spec --yes"
hptc submit $spec --yes

step "Submit it again: the same content is the same tuning job" "hptc submit $spec --yes"
hptc submit $spec --yes

step "Watch it train" "hptc watch $spec"
hptc watch $spec

step "Show what it has found" "hptc results $spec"
hptc results $spec

step "Read the log of the best training job" "hptc logs $spec"
hptc logs $spec

step "List the tuning jobs in the account" "hptc list"
hptc list

cat <<'END'

This demo used real specs, real requests, real CloudFormation templates, the real CDK and boto3, and
a stand-in for AWS on this machine: `hptc sandbox`. The training was real too: eight processes ran
src/breast-cancer/train.py, with code from the sandbox's S3, on data that scikit-learn contains. The
search is hptc's own, so AWS would try other values. The sandbox enforces no permissions and no
quotas. On a real account, the same commands work without it: see "On a real account" in README.md.
END
