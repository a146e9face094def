# The relay: a Lambda function that reads the topics and tells a chat.

data "aws_iam_policy_document" "relay_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "relay" {
  count = var.relay == null ? 0 : 1
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.relay[0].arn}:*"]
  }
  dynamic "statement" {
    for_each = length(var.relay.secret_arns) == 0 ? [] : [true]
    content {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = var.relay.secret_arns
    }
  }
  dynamic "statement" {
    for_each = length(var.relay.secret_arns) == 0 ? [] : [true]
    content {
      actions   = ["kms:Decrypt"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_cloudwatch_log_group" "relay" {
  count             = var.relay == null ? 0 : 1
  name              = "/aws/lambda/${var.name}-relay"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "relay" {
  count              = var.relay == null ? 0 : 1
  name               = "${var.name}-relay"
  assume_role_policy = data.aws_iam_policy_document.relay_trust.json
}

resource "aws_iam_role_policy" "relay" {
  count  = var.relay == null ? 0 : 1
  name   = "run"
  role   = aws_iam_role.relay[0].id
  policy = data.aws_iam_policy_document.relay[0].json
}

resource "aws_lambda_function" "relay" {
  count            = var.relay == null ? 0 : 1
  function_name    = "${var.name}-relay"
  description      = "Tells a chat of alarms"
  role             = aws_iam_role.relay[0].arn
  filename         = var.relay.zip
  source_code_hash = filebase64sha256(var.relay.zip)
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = ["arm64"]
  memory_size      = 128
  timeout          = 15
  environment {
    variables = var.relay.environment
  }
  depends_on = [aws_cloudwatch_log_group.relay, aws_iam_role_policy.relay]
}

resource "aws_lambda_permission" "relay" {
  for_each      = var.relay == null ? {} : local.regions
  statement_id  = "topic-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.relay[0].function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.alarms[each.key].arn
}

resource "aws_sns_topic_subscription" "relay" {
  for_each  = var.relay == null ? {} : local.regions
  region    = each.value
  topic_arn = aws_sns_topic.alarms[each.key].arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.relay[0].arn
}
