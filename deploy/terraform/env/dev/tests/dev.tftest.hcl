# What makes dev what it is, read from its tfvars.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

run "small_and_open_to_its_developers" {
  command = plan
  assert {
    condition     = var.environment == "dev" && var.nat == "one" && length(var.endpoints) == 0 && var.database.serverless.min == 0
    error_message = "dev costs little."
  }
  assert {
    condition     = var.exec && var.vpn.kind == "openvpn" && var.waf_count_only
    error_message = "Developers come in, and the firewall only counts."
  }
  assert {
    condition     = output.vpn.host == "vpn.dev.fans.example"
    error_message = "The VPN has a name of this environment."
  }
}
