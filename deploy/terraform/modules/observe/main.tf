# Where the site's log goes, and who is told when something is wrong. Topics stand in two regions:
# CloudFront and Route 53 have their metrics in us-east-1.

locals {
  regions = { site = var.region, edge = "us-east-1" }
}

resource "aws_cloudwatch_log_group" "site" {
  name              = "/${var.name}/site"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "topic_key" {
  statement {
    sid       = "AnyActionOfTheAccountElseNobodyCouldEverChangeTheKey"
    actions   = ["kms:*"] # the account's own rights; without this the key could never be changed
    resources = ["*"]     # in a key's policy: this key
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account_id}:root"]
    }
  }
  statement {
    sid       = "AnyResourceIsThisKeyInItsOwnPolicy"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"] # in a key's policy: this key
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

# CloudWatch cannot publish to a topic under AWS's own key.
resource "aws_kms_key" "topic" {
  for_each            = local.regions
  region              = each.value
  description         = "Alarms of ${var.name}"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.topic_key.json
}

resource "aws_sns_topic" "alarms" {
  for_each          = local.regions
  region            = each.value
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.topic[each.key].arn
}

data "aws_iam_policy_document" "topic" {
  for_each = local.regions
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms[each.key].arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  for_each = local.regions
  region   = each.value
  arn      = aws_sns_topic.alarms[each.key].arn
  policy   = data.aws_iam_policy_document.topic[each.key].json
}

resource "aws_sns_topic_subscription" "mail" {
  for_each  = { for p in setproduct(keys(local.regions), var.emails) : "${p[0]}/${p[1]}" => { topic = p[0], address = p[1] } }
  region    = local.regions[each.value.topic]
  topic_arn = aws_sns_topic.alarms[each.value.topic].arn
  protocol  = "email"
  endpoint  = each.value.address
}
