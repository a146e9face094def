# What the tasks may do. The execution role starts them; the task role is the program's own.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "AnyResourceTheTokenBelongsToNone"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the token is the account's; AWS knows no resource for it
  }
  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [aws_ecr_repository.this.arn]
  }
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${var.log_group.arn}:*"]
  }
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = distinct([for a in values(local.secrets) : join(":", slice(split(":", a), 0, 7))])
  }
  statement {
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "task" {
  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${local.arn}:s3:::${var.media.bucket}/*"]
  }
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["${local.arn}:s3:::${var.media.bucket}"]
  }
  dynamic "statement" {
    for_each = var.prometheus == null ? [] : [var.prometheus.workspace_arn]
    content {
      actions   = ["aps:RemoteWrite"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = var.exec == null ? [] : [true]
    content {
      sid       = "AnyResourceChannelsHaveNone"
      actions   = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
      resources = ["*"] # AWS knows no resource for these channels
    }
  }
  dynamic "statement" {
    for_each = var.exec == null ? [] : [var.exec]
    content {
      actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      resources = ["${statement.value.log_group_arn}:*"]
    }
  }
  dynamic "statement" {
    for_each = var.exec == null ? [] : [true]
    content {
      sid       = "AnyResourceGroupsAreLookedUpByListing"
      actions   = ["logs:DescribeLogGroups"]
      resources = ["*"] # the agent lists groups to find its own; AWS gives no narrower right
    }
  }
  dynamic "statement" {
    for_each = var.exec == null ? [] : [var.exec]
    content {
      actions   = ["s3:PutObject"]
      resources = ["${statement.value.bucket_arn}/exec/*"]
    }
  }
  dynamic "statement" {
    for_each = var.exec == null ? [] : [var.exec]
    content {
      actions   = ["s3:GetEncryptionConfiguration"]
      resources = [statement.value.bucket_arn]
    }
  }
  dynamic "statement" {
    for_each = var.exec == null ? [] : [true]
    content {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "task" {
  name   = "run"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}

# ECS moves requests between the two target groups of a canary or blue/green deployment.
data "aws_iam_policy_document" "shift_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "shift" {
  statement {
    actions   = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
    resources = [for g in aws_lb_target_group.web : g.arn]
  }
  statement {
    actions   = ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"]
    resources = [aws_lb_listener.https.arn, aws_lb_listener_rule.web.arn]
  }
  statement {
    sid       = "AnyResourceDescribingKnowsNone"
    actions   = ["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]
    resources = ["*"] # AWS knows no resource for describing
  }
}

resource "aws_iam_role" "shift" {
  count              = local.rolling ? 0 : 1
  name               = "${var.name}-shift"
  assume_role_policy = data.aws_iam_policy_document.shift_trust.json
}

resource "aws_iam_role_policy" "shift" {
  count  = length(aws_iam_role.shift)
  name   = "shift"
  role   = aws_iam_role.shift[0].id
  policy = data.aws_iam_policy_document.shift.json
}
