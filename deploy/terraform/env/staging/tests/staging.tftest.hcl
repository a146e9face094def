# What makes staging what it is, read from its tfvars.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

run "productions_shape_in_small" {
  command = plan
  assert {
    condition     = var.environment == "staging" && !var.exec && !var.waf_count_only && var.deletion_protection && var.database.readers >= 1
    error_message = "Guards are up as in production, and there is a reader."
  }
  assert {
    condition     = var.strategy == "CANARY"
    error_message = "Canaries are rehearsed here."
  }
}
