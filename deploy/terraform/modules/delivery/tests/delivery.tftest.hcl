mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::bucket" }
  }
  mock_resource "aws_codebuild_project" {
    defaults = { arn = "arn:aws:codebuild:ap-northeast-2:123456789012:project/x" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

variables {
  name        = "fans-test"
  environment = "staging"
  region      = "ap-northeast-2"
  account_id  = "123456789012"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
  repository  = "fans/lightstick"
  images      = { arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/fans-test" }
  ecs = {
    cluster  = "fans-test"
    services = { web = "web", worker = "worker" }
    families = { migrate = "fans-test-migrate" }
    roles    = { task = "arn:aws:iam::123456789012:role/fans-test-task", execution = "arn:aws:iam::123456789012:role/fans-test-execution" }
  }
  assets = { bucket = "fans-test-assets", distribution_arn = "arn:aws:cloudfront::123456789012:distribution/E1", distribution_id = "E1" }
}

run "one_repository_and_one_environment" {
  assert {
    condition = toset(flatten([for c in data.aws_iam_policy_document.trust.statement[0].condition : [for v in c.values : "${c.test} ${c.variable} ${v}"]])) == toset([
      "StringEquals token.actions.githubusercontent.com:aud sts.amazonaws.com",
      "StringEquals token.actions.githubusercontent.com:sub repo:fans/lightstick:environment:staging",
    ])
    error_message = "The token is compared as a whole."
  }
  assert {
    condition     = aws_iam_role.deploy.max_session_duration == 3600 && length(aws_iam_openid_connect_provider.github) == 1
    error_message = "Rights last for an hour."
  }
  assert {
    condition     = [for s in data.aws_iam_policy_document.deploy.statement : s.resources if s.sid == "TheTasksRoles"] == [toset(values(var.ecs.roles))]
    error_message = "Only the tasks' own roles can be handed on."
  }
  assert {
    condition     = length(aws_codepipeline.assets) == 0
    error_message = "The other way is there when it is asked for."
  }
}

run "the_account_has_a_provider" {
  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }
  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "An account has one provider."
  }
}

run "pipeline" {
  variables {
    pipeline = { connection_arn = "arn:aws:codeconnections:ap-northeast-2:123456789012:connection/1" }
  }
  assert {
    condition     = aws_codepipeline.assets["assets"].pipeline_type == "V2" && aws_codepipeline.assets["assets"].stage[1].on_failure[0].result == "ROLLBACK"
    error_message = "A failed run goes back."
  }
  assert {
    condition     = one(aws_codepipeline.assets["assets"].artifact_store).encryption_key[0].id == var.kms_key_arn && aws_s3_bucket_public_access_block.artifacts["assets"].restrict_public_buckets
    error_message = "Artifacts are encrypted and shut."
  }
  assert {
    condition     = strcontains(aws_codebuild_project.assets["assets"].source[0].buildspec, "immutable")
    error_message = "Assets are stored for ever."
  }
}

run "a_pattern_for_a_repository_is_refused" {
  command = plan
  variables {
    repository = "fans/*"
  }
  expect_failures = [var.repository]
}
