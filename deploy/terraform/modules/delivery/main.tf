# Who may bring a new version. GitHub's jobs come with a token that says which repository and which
# environment they run for, and get rights for an hour; nowhere is a key that could be lost.

locals {
  issuer   = "token.actions.githubusercontent.com"
  provider = var.oidc_provider_arn == null ? aws_iam_openid_connect_provider.github[0].arn : var.oidc_provider_arn
  ecs      = "arn:aws:ecs:${var.region}:${var.account_id}"
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.oidc_provider_arn == null ? 1 : 0
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [local.provider]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    # Compared as a whole: a pattern would let another branch, repository or environment in.
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["repo:${var.repository}:environment:${var.environment}"]
    }
  }
}

data "aws_iam_policy_document" "deploy" {
  statement {
    sid       = "AnyResourceTheTokenBelongsToNone"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the token is the account's; AWS knows no resource for it
  }
  statement {
    sid = "Images"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = [var.images.arn]
  }
  statement {
    sid       = "AnyResourceDefinitionsAreNamedByTheirContent"
    actions   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
    resources = ["*"] # AWS knows no resource for these; what a definition may run as is bounded by PassRole
  }
  statement {
    sid       = "RollOut"
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = [for s in values(var.ecs.services) : "${local.ecs}:service/${var.ecs.cluster}/${s}"]
  }
  statement {
    sid       = "Migrate"
    actions   = ["ecs:RunTask"]
    resources = ["${local.ecs}:task-definition/${var.ecs.families["migrate"]}:*"]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["${local.ecs}:cluster/${var.ecs.cluster}"]
    }
  }
  statement {
    sid       = "WaitForIt"
    actions   = ["ecs:DescribeTasks"]
    resources = ["${local.ecs}:task/${var.ecs.cluster}/*"]
  }
  statement {
    sid       = "TheTasksRoles"
    actions   = ["iam:PassRole"]
    resources = values(var.ecs.roles)
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# What both ways need for assets. Nothing is deleted: pages of the old version ask for old files.
data "aws_iam_policy_document" "assets" {
  statement {
    sid       = "Assets"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${var.assets.bucket}/assets/*"]
  }
  statement {
    sid       = "CompareAssets"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${var.assets.bucket}"]
  }
  statement {
    sid       = "Invalidate"
    actions   = ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
    resources = [var.assets.distribution_arn]
  }
}

resource "aws_iam_role" "deploy" {
  name                 = "${var.name}-deploy"
  description          = "GitHub's jobs for ${var.environment}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.deploy.json
}

resource "aws_iam_role_policy" "assets" {
  name   = "assets"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.assets.json
}
