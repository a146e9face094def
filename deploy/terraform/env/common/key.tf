# The environment's key: database, logs, secrets, images, sessions. Environments share nothing.

data "aws_iam_policy_document" "key" {
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
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"] # in a key's policy: this key
    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${var.account_id}:*"]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = local.name
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
  lifecycle {
    prevent_destroy = true # without it every backup is noise
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.this.key_id
}
