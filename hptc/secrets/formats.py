"""The formats of secrets that are known by their prefix or structure.

They are those that the providers document, that GitHub's secret scanning lists, or that the rules
of gitleaks know:
https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml
"""

from __future__ import annotations

import re
from typing import NamedTuple


class SecretFormat(NamedTuple):
    """The kind of a secret, a substring that each one contains (tested first), and its pattern."""

    kind: str
    mark: str
    pattern: str


MAY_HAVE_FORMAT = re.compile(r"[A-Za-z0-9_.:~|+/=@-]{15}|=|://|PRIVATE KEY|[Bb]asic ")
"""Every secret with a known format contains this, and most other texts don't."""

FORMATS = (
    SecretFormat(
        "a private key",
        "PRIVATE KEY",
        (
            r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:"
            r"(?:[^-]|-(?!----)){0,8000}+"
            r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
    ),
    SecretFormat("a PuTTY private key", "PuTTY-User-Key-File", r"PuTTY-User-Key-File-\d"),
    SecretFormat("an age secret key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,70}"),
    SecretFormat(
        "an AWS session token",
        "oJb3JpZ2luX2Vj",  # "origin_ec" in Base64
        r"\bIQ[A-Za-z0-9/+]{0,12}oJb3JpZ2luX2Vj[A-Za-z0-9/+=]{40,4000}",
    ),
    SecretFormat(
        "an AWS session token",
        "FwoGZXIvYXdz",  # "er/aws" in Base64
        r"\bFwoGZXIvYXdz[A-Za-z0-9/+=]{40,4000}",
    ),
    SecretFormat(
        "an Amazon Bedrock key",
        "ABSK",
        r"\bABSK(?:QmVkcm9ja0FQSUtleS[A-Za-z0-9+/=]{60,260}|[A-Za-z0-9+/]{100,269}={0,2})",
    ),
    SecretFormat(
        "an Amazon Bedrock short-term key",
        "bedrock-api-key-",
        r"\bbedrock-api-key-[A-Za-z0-9+/=]{40,4000}",
    ),
    SecretFormat("an AWS access portal token", "aoaAAAAA", r"\baoaAAAAA[A-Za-z0-9+/=:_-]{40,2000}"),
    SecretFormat(
        "a GitHub token",
        "_",
        r"\b(?:gh[opsur]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})",
    ),
    SecretFormat(
        "a GitLab token",
        "gl",
        r"\bgl(?:pat|ptt|dt|rt|cbt|oas|imt|agent|soat|ft|ffct)-[A-Za-z0-9_.-]{20,255}",
    ),
    SecretFormat("a Bitbucket token", "ATBB", r"\bATBB[A-Za-z0-9]{24,40}\b"),
    SecretFormat("an Atlassian token", "ATATT3", r"\bATATT3[A-Za-z0-9_=-]{50,300}"),
    SecretFormat("a Hugging Face token", "_", r"\b(?:hf|api_org)_[A-Za-z0-9]{34}\b"),
    SecretFormat("a Slack token", "x", r"\bx(?:ox[abeoprs]|app)-[0-9A-Za-z-]{10,255}"),
    SecretFormat(
        "a Slack webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_+-]{20,120}",
    ),
    SecretFormat(
        "a Discord webhook",
        "/api/webhooks/",
        r"discord(?:app)?\.com/api/webhooks/\d{15,22}/[A-Za-z0-9_-]{40,100}",
    ),
    SecretFormat(
        "a Discord token",
        ".",
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}\b",
    ),
    SecretFormat(
        "a Teams webhook",
        "webhook.office.com/",
        r"webhook\.office\.com/webhookb2/[A-Za-z0-9@/-]{60,300}",
    ),
    SecretFormat("a Telegram token", ":AA", r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,34}\b"),
    SecretFormat(
        "an OpenAI key",
        "sk-",
        (
            r"\bsk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,255}|[A-Za-z0-9]{32,64}\b"
            r"|[A-Za-z0-9_-]{10,255}T3BlbkFJ[A-Za-z0-9_-]{10,255})"
        ),
    ),
    SecretFormat("an Anthropic key", "sk-ant-", r"\bsk-ant-[a-z0-9]{1,10}-[A-Za-z0-9_-]{32,255}"),
    SecretFormat("an OpenRouter key", "sk-or-", r"\bsk-or-(?:v\d-)?[A-Za-z0-9]{32,100}"),
    SecretFormat("a Groq key", "gsk_", r"\bgsk_[A-Za-z0-9]{40,60}\b"),
    SecretFormat("a Replicate token", "r8_", r"\br8_[A-Za-z0-9]{32,42}\b"),
    SecretFormat("a Perplexity key", "pplx-", r"\bpplx-[A-Za-z0-9]{32,64}\b"),
    SecretFormat("an xAI key", "xai-", r"\bxai-[A-Za-z0-9_-]{40,120}"),
    SecretFormat("an NVIDIA key", "nvapi-", r"\bnvapi-[A-Za-z0-9_-]{50,80}"),
    SecretFormat("a LangSmith key", "lsv2_", r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b"),
    SecretFormat("a Pinecone key", "pcsk_", r"\bpcsk_[A-Za-z0-9]{4,10}_[A-Za-z0-9]{40,80}\b"),
    SecretFormat("a W&B key", "wandb_v1_", r"\bwandb_v1_[A-Za-z0-9_-]{40,120}"),
    SecretFormat(
        "a Neptune token",
        "eyJhcGlfYWRkcmVzcyI6",
        r"\beyJhcGlfYWRkcmVzcyI6[A-Za-z0-9+/=_-]{40,600}",
    ),
    SecretFormat("a Kaggle token", "KGAT_", r"\bKGAT_[A-Za-z0-9]{20,80}\b"),
    SecretFormat("a Google API key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
    SecretFormat("a Google OAuth token", "ya29.", r"\bya29\.[A-Za-z0-9_-]{20,500}"),
    SecretFormat("a Google OAuth client secret", "GOCSPX-", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    SecretFormat("a Google refresh token", "1//0", r"\b1//0[A-Za-z0-9_-]{40,200}"),
    SecretFormat(
        "an Azure storage key",
        "Key=",
        r"(?:Account|Shared ?Access)Key=[A-Za-z0-9+/]{40,100}={0,2}",
    ),
    SecretFormat("an Azure SAS signature", "sig=", r"[?&]sig=[A-Za-z0-9%+/=_-]{30,200}"),
    SecretFormat("an Azure client secret", "8Q~", r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}"),
    SecretFormat("an Azure DevOps token", "AZDO", r"\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b"),
    SecretFormat(
        "a presigned URL",
        "Signature=",
        r"[?&](?:X-Amz-)?Signature=[A-Za-z0-9%+/=_-]{20,200}",
    ),
    SecretFormat("a Stripe key", "k_", r"\b(?:[rs]k_(?:live|test)|whsec)_[0-9A-Za-z]{16,200}"),
    SecretFormat("a Square token", "sq0", r"\bsq0(?:atp|csp)-[0-9A-Za-z_-]{22,60}"),
    SecretFormat("a Shopify token", "shp", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    SecretFormat("a SendGrid key", "SG.", r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"),
    SecretFormat("a Mailgun key", "key-", r"\bkey-[0-9a-f]{32}\b"),
    SecretFormat("a Mailchimp key", "-us", r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    SecretFormat("a Twilio key", "SK", r"\bSK[0-9a-f]{32}\b"),
    SecretFormat("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    SecretFormat("a PyPI token", "pypi-AgE", r"\bpypi-AgE[A-Za-z0-9_-]{50,500}"),
    SecretFormat("a RubyGems key", "rubygems_", r"\brubygems_[0-9a-f]{48}\b"),
    SecretFormat("a Docker token", "dckr_", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,60}"),
    SecretFormat("a DigitalOcean token", "do", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    SecretFormat("a Databricks token", "dapi", r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    SecretFormat("a Snowflake token", "ver:", r"\bver:\d-hint:\d{4,20}-[A-Za-z0-9+/=_-]{20,400}"),
    SecretFormat(
        "a HashiCorp Vault token",
        ".",
        r"\b(?:hv[sbr]\.[A-Za-z0-9_-]{20,300}|s\.[A-Za-z0-9]{24}\b)",
    ),
    SecretFormat(
        "a Terraform token",
        ".atlasv1.",
        r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}",
    ),
    SecretFormat("a Pulumi token", "pul-", r"\bpul-[0-9a-f]{40}\b"),
    SecretFormat(
        "a Doppler token",
        "dp.",
        r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,80}",
    ),
    SecretFormat("a 1Password token", "ops_eyJ", r"\bops_eyJ[A-Za-z0-9+/=_-]{100,2000}"),
    SecretFormat("a Sentry token", "sntry", r"\bsntry[su]_[A-Za-z0-9+/=_-]{40,300}"),
    SecretFormat(
        "a Grafana token",
        "gl",
        r"\bgl(?:sa_[A-Za-z0-9]{32}_[0-9a-f]{8}|c_[A-Za-z0-9+/=]{32,400})",
    ),
    SecretFormat("a New Relic key", "NR", r"\bNRAK-[A-Z0-9]{27}\b|\bNRJS-[0-9a-f]{19}\b"),
    SecretFormat("a Datadog key", "dd", r"\bdd(?:pat|app|api)_[A-Za-z0-9]{30,60}\b"),
    SecretFormat("a Linear key", "lin_", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,64}\b"),
    SecretFormat("a Notion token", "n", r"\b(?:ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43})\b"),
    SecretFormat("a Figma token", "figd_", r"\bfigd_[A-Za-z0-9_-]{40,60}"),
    SecretFormat("a Postman key", "PMAK-", r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b"),
    SecretFormat("an Airtable token", "pat", r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b"),
    SecretFormat(
        "a PlanetScale token",
        "pscale_",
        r"\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}",
    ),
    SecretFormat(
        "a Supabase token",
        "sb",
        r"\b(?:sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,60})\b",
    ),
    SecretFormat("a Cloudflare key", "v1.0-", r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b"),
    SecretFormat("an Artifactory key", "AK", r"\bAKC[A-Za-z0-9]{10,80}p[A-Za-z0-9]{2,20}\b"),
    SecretFormat("a Heroku key", "HRKU-", r"\bHRKU-[A-Za-z0-9_-]{36,80}"),
    SecretFormat("a GitLab runner token", "GR1348941", r"\bGR1348941[A-Za-z0-9_-]{20,60}"),
    SecretFormat("an Adobe client secret", "p8e-", r"\bp8e-[a-z0-9]{32}\b"),
    SecretFormat("an Alibaba Cloud key", "LTAI", r"\bLTAI[A-Za-z0-9]{20}\b"),
    SecretFormat("an Artifactory token", "cmVmd", r"\bcmVmd[A-Za-z0-9]{59}\b"),
    SecretFormat(
        "a 1Password secret key",
        "A3-",
        r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b",
    ),
    SecretFormat(
        "an Authress key",
        ".acc",
        r"\b[a-z]{2,8}_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30,120}",
    ),
    SecretFormat("a ClickHouse Cloud key", "4b1d", r"\b4b1d[A-Za-z0-9]{38}\b"),
    SecretFormat("a Clojars token", "CLOJARS_", r"\bCLOJARS_[A-Za-z0-9]{60}\b"),
    SecretFormat("a Duffel token", "duffel_", r"\bduffel_(?:test|live)_[A-Za-z0-9_=-]{43}"),
    SecretFormat("a Dynatrace token", "dt0", r"\bdt0[a-z]\d\d\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}\b"),
    SecretFormat("an EasyPost token", "EZ", r"\bEZ[AT]K[A-Za-z0-9]{54}\b"),
    SecretFormat("a Facebook token", "EAA", r"\bEAA[MC][A-Za-z0-9]{80,400}\b"),
    SecretFormat("a Facebook app token", "|", r"\b\d{15,16}\|[A-Za-z0-9_-]{27,40}"),
    SecretFormat("a Flutterwave key", "FLW", r"\bFLW(?:PUB|SEC)K_TEST-[0-9a-z]{12,32}(?:-X)?\b"),
    SecretFormat(
        "a Fly.io token",
        "f",
        r"\b(?:fo1_[A-Za-z0-9_-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,400}={0,3})",
    ),
    SecretFormat("a Frame.io token", "fio-u-", r"\bfio-u-[A-Za-z0-9_=-]{64}"),
    SecretFormat("a Grafana key", "eyJrIjoi", r"\beyJrIjoi[A-Za-z0-9+/]{60,400}={0,3}"),
    SecretFormat(
        "a Harness key",
        "at.",
        r"\b[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}\b",
    ),
    SecretFormat("an Infracost token", "ico-", r"\bico-[A-Za-z0-9]{32}\b"),
    SecretFormat("a 42 client secret", "s-s4t2", r"\bs-s4t2(?:ud|af)-[0-9a-f]{64}\b"),
    SecretFormat("a MaxMind key", "_mmk", r"\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b"),
    SecretFormat("an Octopus Deploy key", "API-", r"\bAPI-[A-Z0-9]{26}\b"),
    SecretFormat("an OpenShift token", "sha256~", r"\bsha256~[A-Za-z0-9_-]{43}"),
    SecretFormat("a Prefect token", "pn", r"\bpn[ub]_[A-Za-z0-9]{36}\b"),
    SecretFormat("a ReadMe token", "rdme_", r"\brdme_[a-z0-9]{70}\b"),
    SecretFormat("a Scalingo token", "tk-us-", r"\btk-us-[A-Za-z0-9_-]{48}"),
    SecretFormat("a Brevo key", "xkeysib-", r"\bxkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}\b"),
    SecretFormat("a SettleMint token", "sm_", r"\bsm_[aps]at_[A-Za-z0-9]{16}\b"),
    SecretFormat("a Shippo token", "shippo_", r"\bshippo_(?:live|test)_[0-9a-fA-F]{40}\b"),
    SecretFormat(
        "a Sourcegraph token",
        "sgp_",
        r"\bsgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}\b",
    ),
    SecretFormat(
        "a JSON web token",
        "eyJ",
        r"\beyJ[A-Za-z0-9_-]{10,2500}\.eyJ[A-Za-z0-9_-]{10,2500}(?:\.[A-Za-z0-9_-]{10,1000})?",
    ),
    SecretFormat(
        "an authorization header",
        " ",
        (
            r"\b[Bb](?:earer|EARER) (?![<{$])[A-Za-z0-9_.~+/=-]{16,4000}"
            r"|\b[Bb]asic (?=[A-Za-z0-9+/]{0,400}[0-9=])[A-Za-z0-9+/]{12,400}={0,2}"
            r"(?![A-Za-z0-9+/ ])"
        ),
    ),
    SecretFormat(
        "a Sentry DSN",
        ".ingest.",
        r"\bhttps://[0-9a-f]{32}@[a-z0-9.]{1,60}\.ingest\.[a-z.]{2,30}/\d{1,20}",
    ),
    SecretFormat(
        "a password in a URL",
        "://",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@\"']{0,128}:(?![$<{*%])[^/\s@\"']{3,128}@",
    ),
    SecretFormat(
        "a password in a connection string",
        "=",
        (
            r"(?i)(?<![a-z0-9])(?:password|passwd|pwd|secretkey|secret_key|client_secret"
            r"|api_?key)=(?![$<{*%\s])[^\s;&,\"']{4,256}"
        ),
    ),
)
