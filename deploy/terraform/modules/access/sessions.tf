# Sessions: people come in through Systems Manager with their own temporary credentials. No SSH, no
# key, no open port; what was done is kept in S3 and CloudWatch.

resource "aws_cloudwatch_log_group" "sessions" {
  name              = "/${var.name}/sessions"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_s3_bucket" "sessions" {
  bucket = "${var.name}-sessions-${var.account_id}"
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "sessions" {
  bucket                  = aws_s3_bucket.sessions.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "sessions" {
  bucket = aws_s3_bucket.sessions.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "sessions" {
  bucket = aws_s3_bucket.sessions.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "sessions" {
  bucket = aws_s3_bucket.sessions.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "sessions" {
  bucket = aws_s3_bucket.sessions.id
  rule {
    id     = "old"
    status = "Enabled"
    filter {}
    expiration {
      days = var.log_days
    }
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
  depends_on = [aws_s3_bucket_versioning.sessions]
}

data "aws_iam_policy_document" "sessions_bucket" {
  statement {
    sid       = "OnlyWithTLS"
    effect    = "Deny"
    actions   = ["s3:*"] # nothing at all without TLS
    resources = [aws_s3_bucket.sessions.arn, "${aws_s3_bucket.sessions.arn}/*"]
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

resource "aws_s3_bucket_policy" "sessions" {
  bucket     = aws_s3_bucket.sessions.id
  policy     = data.aws_iam_policy_document.sessions_bucket.json
  depends_on = [aws_s3_bucket_public_access_block.sessions]
}

resource "aws_ssm_document" "preferences" {
  count           = var.session_preferences ? 1 : 0
  name            = "SSM-SessionManagerRunShell" # the name AWS looks for
  document_type   = "Session"
  document_format = "JSON"
  content = jsonencode({
    schemaVersion = "1.0"
    description   = "Sessions are encrypted, recorded, and end by themselves"
    sessionType   = "Standard_Stream"
    inputs = {
      kmsKeyId                    = var.kms_key_arn
      s3BucketName                = aws_s3_bucket.sessions.bucket
      s3KeyPrefix                 = "sessions"
      s3EncryptionEnabled         = true
      cloudWatchLogGroupName      = aws_cloudwatch_log_group.sessions.name
      cloudWatchEncryptionEnabled = true
      cloudWatchStreamingEnabled  = true
      idleSessionTimeout          = "20"
      maxSessionDuration          = "480"
      runAsEnabled                = false
    }
  })
}

# For the permission set of developers.
data "aws_iam_policy_document" "developer" {
  statement {
    sid       = "FindATask"
    actions   = ["ecs:DescribeTasks"]
    resources = ["arn:aws:ecs:${var.region}:${var.account_id}:task/${var.cluster}/*"]
  }
  statement {
    sid       = "AnyResourceListingTakesTheClusterAsCondition"
    actions   = ["ecs:ListTasks"]
    resources = ["*"] # AWS takes the cluster as a condition here
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["arn:aws:ecs:${var.region}:${var.account_id}:cluster/${var.cluster}"]
    }
  }
  dynamic "statement" {
    for_each = var.port_forwarding ? [true] : []
    content {
      sid     = "ForwardAPort"
      actions = ["ssm:StartSession"]
      resources = [
        "arn:aws:ecs:${var.region}:${var.account_id}:task/${var.cluster}/*",
        "arn:aws:ssm:${var.region}::document/AWS-StartPortForwardingSessionToRemoteHost",
      ]
    }
  }
  dynamic "statement" {
    for_each = var.port_forwarding ? [true] : []
    content {
      sid       = "OwnSessions"
      actions   = ["ssm:ResumeSession", "ssm:TerminateSession"]
      resources = ["arn:aws:ssm:${var.region}:${var.account_id}:session/$${aws:userid}-*"]
    }
  }
  dynamic "statement" {
    for_each = var.port_forwarding ? [true] : []
    content {
      sid       = "EncryptedSessions"
      actions   = ["kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }
  dynamic "statement" {
    for_each = var.port_forwarding ? [true] : []
    content {
      sid       = "AsOneUserOfTheDatabase"
      actions   = ["rds-db:connect"]
      resources = ["arn:aws:rds-db:${var.region}:${var.account_id}:dbuser:${var.database_resource_id}/${var.database_user}"]
    }
  }
}

resource "aws_iam_policy" "developer" {
  name        = "${var.name}-developer"
  description = "Find tasks and, where allowed, forward a port to the database"
  policy      = data.aws_iam_policy_document.developer.json
}
