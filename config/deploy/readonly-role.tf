# Reads trails, log groups, filters, alarms and topics for orgsweep
# Apply it once per account (through your account factory, or with one provider
# alias per account).

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
  description = "The role's name"
  type        = string
  default     = "OrgsweepReadOnly"
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "TheCallerWithTheExternalId"
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

  statement {
    sid     = "TheCallerMayNameItsSource"
    actions = ["sts:SetSourceIdentity"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal_arn]
    }
  }
}

data "aws_iam_policy_document" "orgsweep" {
  statement {
    sid       = "ReadTheChain"
    resources = ["*"]

    actions = [
      "account:ListRegions",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetTrailStatus",
      "cloudwatch:DescribeAlarmHistory",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetAlarmMuteRule",
      "cloudwatch:ListAlarmMuteRules",
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:DescribeMetricFilters",
      "oam:GetLink",
      "oam:ListLinks",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
    ]
  }
}

resource "aws_iam_role" "orgsweep" {
  name                 = var.role_name
  description          = "Reads trails, log groups, filters, alarms and topics for orgsweep"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "orgsweep" {
  name   = "orgsweep-read"
  role   = aws_iam_role.orgsweep.id
  policy = data.aws_iam_policy_document.orgsweep.json
}

output "role_arn" {
  value = aws_iam_role.orgsweep.arn
}
