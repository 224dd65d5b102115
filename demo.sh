#!/bin/sh
# Runs hptc end to end on the local AWS endpoint, without an AWS account: `make demo`.
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

step "Compile the specs into requests" "hptc compile specs -o build/requests"
hptc compile specs -o build/requests
head -n 12 build/requests/direct-marketing-xgboost.json
echo "  … the input of aws sagemaker create-hyper-parameter-tuning-job --cli-input-json"

step "Bootstrap the account for the CDK" "cdk bootstrap"
cdk bootstrap aws://$account/$region --progress bar >build/bootstrap.log 2>&1 || { cat build/bootstrap.log; exit 1; }
grep "bootstrapped" build/bootstrap.log

step "Deploy the foundation stack, and a stack with an execution role for each spec" "hptc deploy --yes"
hptc deploy --yes

step "Upload the training data (two lines of it, here)" "aws s3 cp … s3://BUCKET/direct-marketing/train/"
bucket="$(aws cloudformation describe-stacks --stack-name hptc-demo-dev --output text \
    --query "Stacks[0].Outputs[?OutputKey=='DataBucket'].OutputValue")"
printf '1,0.5\n0,0.1\n' >build/data.csv
for channel in train validation; do
    aws s3 cp build/data.csv "s3://$bucket/direct-marketing/$channel/data.csv"
done

step "Plan: what would be submitted, and what could it cost?" "hptc plan $spec"
hptc plan $spec

step "Submit one spec" "hptc submit $spec --yes"
hptc submit $spec --yes

step "Submit it again: the same content is the same tuning job" "hptc submit $spec --yes"
hptc submit $spec --yes

step "Show its status (the results are placeholders: nothing was trained)" "hptc status $spec"
hptc status $spec

step "List the tuning jobs in the account" "hptc list"
hptc list

cat <<'END'

This demo used real specs, real requests, real CloudFormation templates, the real CDK and boto3, and
a stand-in for AWS: moto, which `hptc sandbox` runs on this machine. The sandbox completes every
tuning job immediately and adds one placeholder training job, whose name ends in "-sandbox". It
trains nothing, so no number above is a result. It enforces no permissions and no quotas. On a real
account, the same commands work without the sandbox: see "On a real account" in README.md.
END
