# Repairs filters, alarms and topics for orgsweep
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
  default     = "OrgsweepRemediator"
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

data "aws_partition" "current" {}

data "aws_iam_policy_document" "orgsweep" {
  statement {
    sid       = "ReadBeforeWriting"
    resources = ["*"]

    actions = [
      "cloudwatch:DescribeAlarmHistory",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:ListTagsForResource",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:DescribeMetricFilters",
      "logs:ListTagsForResource",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:ListTagsForResource",
    ]
  }

  statement {
    sid       = "ChangeAlarms"
    resources = ["arn:${data.aws_partition.current.partition}:cloudwatch:*:*:alarm:*"]

    actions = [
      "cloudwatch:DisableAlarmActions",
      "cloudwatch:EnableAlarmActions",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:SetAlarmState",
    ]
  }

  statement {
    sid       = "ChangeLogGroups"
    resources = ["arn:${data.aws_partition.current.partition}:logs:*:*:log-group:*"]

    actions = [
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:DeleteMetricFilter",
      "logs:PutMetricFilter",
      "logs:TagResource",
    ]
  }

  statement {
    sid       = "ChangeOwnAlarms"
    resources = ["arn:${data.aws_partition.current.partition}:cloudwatch:*:*:alarm:orgsweep-*"]

    actions = [
      "cloudwatch:DeleteAlarms",
      "cloudwatch:TagResource",
    ]
  }

  statement {
    sid       = "ChangeTopics"
    resources = ["arn:${data.aws_partition.current.partition}:sns:*:*:*"]

    actions = [
      "sns:CreateTopic",
      "sns:DeleteTopic",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "sns:TagResource",
    ]
  }

  statement {
    sid       = "EndSubscriptions"
    resources = ["*"]

    actions = ["sns:Unsubscribe"]
  }
}

resource "aws_iam_role" "orgsweep" {
  name                 = var.role_name
  description          = "Repairs filters, alarms and topics for orgsweep"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "orgsweep" {
  name   = "orgsweep-repair"
  role   = aws_iam_role.orgsweep.id
  policy = data.aws_iam_policy_document.orgsweep.json
}

output "role_arn" {
  value = aws_iam_role.orgsweep.arn
}
