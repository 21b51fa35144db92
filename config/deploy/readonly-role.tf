# The role that orgsweep assumes in each account: reads what a verdict needs and
# nothing else. Apply it once per account (through your account factory, or with
# one provider alias per account).

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "trusted_principal_arn" {
  description = "ARN of the role or user that runs orgsweep (in the audit account)"
  type        = string
}

variable "external_id" {
  description = "The external_id of orgsweep.toml"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.external_id) >= 8
    error_message = "The external id must have at least 8 characters."
  }
}

variable "role_name" {
  description = "The role.name of orgsweep.toml"
  type        = string
  default     = "OrgsweepReadOnly"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    sid       = "ReadTheChain"
    resources = ["*"]

    actions = [
      "account:ListRegions",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetTrailStatus",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetAlarmMuteRule",
      "cloudwatch:ListAlarmMuteRules",
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:DescribeMetricFilters",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
    ]
  }
}

resource "aws_iam_role" "orgsweep" {
  name                 = var.role_name
  description          = "Lets orgsweep read trails, log groups, filters, alarms and topics"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "orgsweep" {
  name   = "orgsweep-read"
  role   = aws_iam_role.orgsweep.id
  policy = data.aws_iam_policy_document.read.json
}

output "role_arn" {
  value = aws_iam_role.orgsweep.arn
}
