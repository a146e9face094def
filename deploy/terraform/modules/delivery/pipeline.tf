# The other way for assets: a tag starts the pipeline, the build starts the new version on its own
# machine, copies what its pages ask for, and stores it. It needs no right on the running site.

locals {
  pipes = var.pipeline == null ? {} : { assets = var.pipeline }
}

resource "aws_s3_bucket" "artifacts" {
  for_each      = local.pipes
  bucket        = "${var.name}-artifacts-${var.account_id}"
  force_destroy = true # only what a run hands to its next step
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  for_each                = local.pipes
  bucket                  = aws_s3_bucket.artifacts[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  for_each = local.pipes
  bucket   = aws_s3_bucket.artifacts[each.key].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  for_each = local.pipes
  bucket   = aws_s3_bucket.artifacts[each.key].id
  rule {
    id     = "old"
    status = "Enabled"
    filter {}
    expiration {
      days = 14
    }
  }
}

data "aws_iam_policy_document" "pipe_trust" {
  for_each = toset(["codepipeline", "codebuild"])
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "artifacts" {
  for_each = local.pipes
  statement {
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["${aws_s3_bucket.artifacts[each.key].arn}/*"]
  }
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "pipeline" {
  for_each                = local.pipes
  source_policy_documents = [data.aws_iam_policy_document.artifacts[each.key].json]
  statement {
    actions   = ["codestar-connections:UseConnection", "codeconnections:UseConnection"]
    resources = [each.value.connection_arn]
  }
  statement {
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
    resources = [aws_codebuild_project.assets[each.key].arn]
  }
}

data "aws_iam_policy_document" "build" {
  for_each                = local.pipes
  source_policy_documents = [data.aws_iam_policy_document.artifacts[each.key].json, data.aws_iam_policy_document.assets.json]
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.build[each.key].arn}:*"]
  }
}

resource "aws_iam_role" "pipeline" {
  for_each           = local.pipes
  name               = "${var.name}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.pipe_trust["codepipeline"].json
}

resource "aws_iam_role_policy" "pipeline" {
  for_each = local.pipes
  name     = "run"
  role     = aws_iam_role.pipeline[each.key].id
  policy   = data.aws_iam_policy_document.pipeline[each.key].json
}

resource "aws_iam_role" "build" {
  for_each           = local.pipes
  name               = "${var.name}-build"
  assume_role_policy = data.aws_iam_policy_document.pipe_trust["codebuild"].json
}

resource "aws_iam_role_policy" "build" {
  for_each = local.pipes
  name     = "run"
  role     = aws_iam_role.build[each.key].id
  policy   = data.aws_iam_policy_document.build[each.key].json
}

resource "aws_cloudwatch_log_group" "build" {
  for_each          = local.pipes
  name              = "/${var.name}/build"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_codebuild_project" "assets" {
  for_each       = local.pipes
  name           = "${var.name}-assets"
  description    = "Copies the new version's assets"
  service_role   = aws_iam_role.build[each.key].arn
  encryption_key = var.kms_key_arn
  build_timeout  = 15
  artifacts {
    type = "CODEPIPELINE"
  }
  environment {
    type         = "ARM_CONTAINER"
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    environment_variable {
      name  = "BUCKET"
      value = var.assets.bucket
    }
    environment_variable {
      name  = "DISTRIBUTION"
      value = var.assets.distribution_id
    }
  }
  source {
    type      = "CODEPIPELINE"
    buildspec = file("${path.module}/buildspec.yml")
  }
  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.build[each.key].name
    }
  }
}

resource "aws_codepipeline" "assets" {
  for_each       = local.pipes
  name           = "${var.name}-assets"
  role_arn       = aws_iam_role.pipeline[each.key].arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"
  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts[each.key].bucket
    encryption_key {
      type = "KMS"
      id   = var.kms_key_arn
    }
  }
  trigger {
    provider_type = "CodeStarSourceConnection"
    git_configuration {
      source_action_name = "Source"
      push {
        tags {
          includes = each.value.tags
        }
      }
    }
  }
  stage {
    name = "Source"
    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]
      configuration = {
        ConnectionArn    = each.value.connection_arn
        FullRepositoryId = var.repository
        BranchName       = "main"
        DetectChanges    = "false" # only tags start it
      }
    }
  }
  stage {
    name = "Assets"
    action {
      name            = "Copy"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["source"]
      configuration   = { ProjectName = aws_codebuild_project.assets[each.key].name }
    }
    on_failure {
      result = "ROLLBACK"
    }
  }
}
