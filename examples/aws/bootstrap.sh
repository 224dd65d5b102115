#!/bin/sh
# Bootstraps an account and Region for the CDK, so that CloudFormation may do what the stacks of one
# environment need and nothing else. Without this, `cdk bootstrap` gives it AdministratorAccess.
#
#   bootstrap.sh ENVIRONMENT ACCOUNT REGION QUALIFIER
#
# Run it with an administrator's credentials in the project's folder, and set the same qualifier in
# hptc.yaml: `infrastructure: {bootstrap_qualifier: QUALIFIER}`. Run it again when hptc.yaml has a
# new kind of resource, or a spec the first schedule.
set -eu
environment=$1 account=$2 region=$3 qualifier=$4

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
hptc permissions --deployer --env "$environment" >"$folder/policies.json"
python3 - "$folder" <<'PYTHON'
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
for name, document in json.loads((folder / "policies.json").read_text()).items():
    (folder / f"{name}.policy").write_text(json.dumps(document, separators=(",", ":")))
PYTHON

partition=$(aws sts get-caller-identity --query Arn --output text | cut -d: -f2)
arns=
for file in "$folder"/*.policy; do
  name=$(basename "$file" .policy)
  arn="arn:$partition:iam::$account:policy/$name"
  if aws iam get-policy --policy-arn "$arn" >/dev/null 2>&1; then
    # IAM keeps five versions of a policy.
    old=$(aws iam list-policy-versions --policy-arn "$arn" --output text \
      --query 'Versions[?!IsDefaultVersion].VersionId | [3]')
    if [ "$old" != None ]; then
      aws iam delete-policy-version --policy-arn "$arn" --version-id "$old"
    fi
    aws iam create-policy-version --policy-arn "$arn" --set-as-default \
      --policy-document "file://$file" >/dev/null
  else
    aws iam create-policy --policy-name "$name" --policy-document "file://$file" >/dev/null
  fi
  arns="$arns${arns:+,}$arn"
done

# Without an app, nothing is synthesized first.
npx cdk bootstrap "aws://$account/$region" --app '' --qualifier "$qualifier" \
  --toolkit-stack-name "CDKToolkit-$qualifier" --cloudformation-execution-policies "$arns"
