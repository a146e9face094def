# What makes production what it is, read from its tfvars.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

run "survives_the_loss_of_a_zone" {
  command = plan
  assert {
    condition     = var.environment == "production" && var.nat == "zone" && var.web.min >= 3 && var.database.readers >= 2
    error_message = "One of everything in each zone."
  }
  assert {
    condition     = var.deletion_protection && !var.exec && !var.waf_count_only && var.vpn.kind == "none" && var.database.backup_days == 35
    error_message = "Guards are up, nobody opens a shell, and backups reach far."
  }
  assert {
    condition     = var.prometheus && var.grafana && length(var.emails) >= 2
    error_message = "Somebody sees it, and more than one hears of it."
  }
}
