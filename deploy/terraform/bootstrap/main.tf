# What must be there before the first environment of an account: the bucket and the key of the states.
# Its own state is a small file that is kept by hand, or lost: everything here can be imported.
#
#   terraform -chdir=deploy/terraform/bootstrap init
#   terraform -chdir=deploy/terraform/bootstrap apply -var account_id=111111111111

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { Project = "lightstick", Environment = "state", Owner = var.owner }
  }
}

variable "account_id" {
  description = "AWS account."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Twelve digits."
  }
}

variable "region" {
  description = "Region of the states."
  type        = string
  default     = "ap-northeast-2"
}

variable "owner" {
  description = "Value of the tag Owner."
  type        = string
  default     = "platform"
}

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
}

resource "aws_kms_key" "state" {
  description         = "Terraform states"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "state" {
  name          = "alias/lightstick-state"
  target_key_id = aws_kms_key.state.key_id
}

resource "aws_s3_bucket" "state" {
  bucket = "lightstick-state-${var.account_id}"
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration {
    status = "Enabled" # a state that was spoilt can be brought back
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.state.arn
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "OnlyWithTLS"
    effect    = "Deny"
    actions   = ["s3:*"] # nothing at all without TLS
    resources = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]
    principals {
      type        = "*"   # whoever it is
      identifiers = ["*"] # whoever it is
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "state" {
  bucket     = aws_s3_bucket.state.id
  policy     = data.aws_iam_policy_document.bucket.json
  depends_on = [aws_s3_bucket_public_access_block.state]
}

output "bucket" {
  description = "For init of the environments: -backend-config=bucket=…"
  value       = aws_s3_bucket.state.bucket
}
