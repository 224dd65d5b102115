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
if [ $# -ne 4 ]; then
  echo "usage: $0 ENVIRONMENT ACCOUNT REGION QUALIFIER" >&2
  exit 2
fi
environment=$1 account=$2 region=$3 qualifier=$4

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
hptc permissions --deployer --env "$environment" >"$folder/policies.json"
python3 - "$folder" "$environment" "$account" "$region" <<'PYTHON'
import json, pathlib, re, sys
folder, (environment, *given) = pathlib.Path(sys.argv[1]), sys.argv[2:]
policies = json.loads((folder / "policies.json").read_text())
if not policies:
    sys.exit(f"error: {environment} deploys nothing, so there is nothing to bootstrap for")
arns = re.findall(r"arn:[^:]+:[^:]+:([a-z0-9-]*):(\d{12}):", json.dumps(policies))
for what, value, found in zip(
    ("account", "Region"), given, ({arn[1] for arn in arns}, {arn[0] for arn in arns})
):
    if other := ", ".join(found - {value, ""}):
        sys.exit(f"error: in hptc.yaml, {environment} is in the {what} {other}, not {value}")
for name, document in policies.items():
    (folder / f"{name}.policy").write_text(json.dumps(document, separators=(",", ":")))
PYTHON

# IAM creates a policy in the account of the credentials, whatever account is meant.
caller=$(aws sts get-caller-identity --query Arn --output text)
case $caller in
arn:*:*::"$account":*) ;;
*)
  echo "error: the credentials are $caller, which is not in the account $account" >&2
  exit 1
  ;;
esac
partition=$(echo "$caller" | cut -d: -f2)

arns=
for file in "$folder"/*.policy; do
  name=$(basename "$file" .policy)
  arn="arn:$partition:iam::$account:policy/$name"
  if aws iam get-policy --policy-arn "$arn" >/dev/null 2>&1; then
    # IAM keeps five versions of a policy: the oldest of four others makes room.
    old=$(aws iam list-policy-versions --policy-arn "$arn" --output text \
      --query 'reverse(sort_by(Versions[?!IsDefaultVersion], &CreateDate))[3].VersionId')
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
