# The database's password is changed and the tasks are restarted with the new one, in that order.
# Connections that are open stay open; between the two steps a task cannot open another one, and by
# then the pool has lost few: they live for five minutes at least.

locals {
  services = { web = aws_ecs_service.web, worker = aws_ecs_service.worker }
}

data "aws_iam_policy_document" "rotation_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com", "scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "rotation" {
  statement {
    actions   = ["secretsmanager:RotateSecret", "secretsmanager:DescribeSecret"]
    resources = [var.database.secret_arn]
  }
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
  statement {
    actions   = ["ecs:UpdateService"]
    resources = [for s in local.services : "${local.arn}:ecs:${var.region}:${var.account_id}:service/${aws_ecs_cluster.this.name}/${s.name}"]
  }
}

data "aws_iam_policy_document" "rotation_start" {
  statement {
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.rotation.arn]
  }
}

resource "aws_iam_role" "rotation" {
  name               = "${var.name}-rotation"
  assume_role_policy = data.aws_iam_policy_document.rotation_trust.json
}

resource "aws_iam_role_policy" "rotation" {
  name   = "rotate"
  role   = aws_iam_role.rotation.id
  policy = data.aws_iam_policy_document.rotation.json
}

resource "aws_iam_role_policy" "rotation_start" {
  name   = "start"
  role   = aws_iam_role.rotation.id
  policy = data.aws_iam_policy_document.rotation_start.json
}

resource "aws_sfn_state_machine" "rotation" {
  name     = "${var.name}-rotation"
  role_arn = aws_iam_role.rotation.arn
  definition = jsonencode({
    Comment = "Change the database's password, then restart the tasks with it"
    StartAt = "Before"
    States = {
      Before = {
        Type       = "Task"
        Resource   = "arn:aws:states:::aws-sdk:secretsmanager:describeSecret"
        Parameters = { SecretId = var.database.secret_arn }
        ResultPath = "$.before"
        Next       = "Rotate"
      }
      Rotate = {
        Type       = "Task"
        Resource   = "arn:aws:states:::aws-sdk:secretsmanager:rotateSecret"
        Parameters = { SecretId = var.database.secret_arn, RotateImmediately = true }
        ResultPath = null
        Next       = "Wait"
      }
      Wait = { Type = "Wait", Seconds = 10, Next = "After" }
      After = {
        Type       = "Task"
        Resource   = "arn:aws:states:::aws-sdk:secretsmanager:describeSecret"
        Parameters = { SecretId = var.database.secret_arn }
        ResultPath = "$.after"
        Next       = "Changed"
      }
      Changed = {
        Type    = "Choice"
        Choices = [{ Variable = "$.after.LastRotatedDate", StringEqualsPath = "$.before.LastRotatedDate", Next = "Wait" }]
        Default = "Restart"
      }
      Restart = {
        Type = "Parallel"
        End  = true
        Branches = [for s in local.services : {
          StartAt = s.name
          States = { (s.name) = {
            Type       = "Task"
            Resource   = "arn:aws:states:::aws-sdk:ecs:updateService"
            Parameters = { Cluster = aws_ecs_cluster.this.name, Service = s.name, ForceNewDeployment = true }
            Retry      = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 5, MaxAttempts = 5, BackoffRate = 2 }]
            End        = true
          } }
        }]
      }
    }
    TimeoutSeconds = 1800
  })
}

resource "aws_scheduler_schedule" "rotation" {
  name                = "${var.name}-rotation"
  description         = "Changes the database's password"
  schedule_expression = var.password_schedule
  kms_key_arn         = var.kms_key_arn
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sfn_state_machine.rotation.arn
    role_arn = aws_iam_role.rotation.arn
    input    = "{}"
    retry_policy {
      maximum_retry_attempts = 3
    }
  }
}
