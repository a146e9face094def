mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::bucket", bucket = "bucket" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:x" }
  }
  mock_resource "aws_eip" {
    defaults = { public_ip = "203.0.113.7" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

variables {
  name                 = "fans-test"
  region               = "ap-northeast-2"
  account_id           = "123456789012"
  kms_key_arn          = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
  cluster              = "fans-test"
  database_resource_id = "cluster-ABC"
  vpc = {
    id             = "vpc-1", cidr = "10.10.0.0/16"
    public_subnets = { a = "subnet-pa", b = "subnet-pb" }
    app_subnets    = { a = "subnet-aa", b = "subnet-ab" }
  }
}

run "sessions_are_recorded" {
  command = plan
  assert {
    condition     = jsondecode(aws_ssm_document.preferences[0].content).inputs.s3EncryptionEnabled && jsondecode(aws_ssm_document.preferences[0].content).inputs.cloudWatchEncryptionEnabled && jsondecode(aws_ssm_document.preferences[0].content).inputs.kmsKeyId == var.kms_key_arn
    error_message = "Sessions are encrypted and recorded, twice."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.sessions.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" && aws_s3_bucket_public_access_block.sessions.restrict_public_buckets
    error_message = "The records are under the environment's key, and shut."
  }
  assert {
    condition     = length(aws_instance.openvpn) + length(aws_eip.openvpn) + length(aws_ec2_client_vpn_endpoint.this) == 0
    error_message = "Without being asked for there is no VPN."
  }
}

run "openvpn" {
  command = plan
  variables {
    vpn = { kind = "openvpn", host_name = "vpn.fans.example", zone_id = "Z1" }
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.openvpn[0].user_data), "VPN_HOST='vpn.fans.example'") && aws_route53_record.openvpn[0].name == "vpn.fans.example"
    error_message = "The server knows its name from its first second, and the zone leads to it."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.openvpn[0].user_data), "VPN_NETWORK='10.99.0.0 255.255.252.0'") && strcontains(base64decode(aws_launch_template.openvpn[0].user_data), "VPN_ROUTE='10.10.0.0 255.255.0.0'") && strcontains(base64decode(aws_launch_template.openvpn[0].user_data), "VPN_DNS='10.10.0.2'")
    error_message = "Networks are as OpenVPN writes them."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.openvpn[0].user_data), "169.254.169.123")
    error_message = "Its clock is the host's."
  }
  assert {
    condition     = aws_instance.openvpn[0].disable_api_termination && aws_instance.openvpn[0].metadata_options[0].http_tokens == "required" && aws_launch_template.openvpn[0].block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "Nobody ends it in passing, steals its credentials or reads its disk."
  }
  assert {
    condition     = toset([for r in aws_vpc_security_group_ingress_rule.openvpn : "${r.ip_protocol} ${r.from_port}-${r.to_port}"]) == toset(["udp 1194-1194"])
    error_message = "One port is open; SSH is not."
  }
  assert {
    condition     = length(base64decode(aws_launch_template.openvpn[0].user_data)) < 16384
    error_message = "EC2 takes 16 KB."
  }
}

run "client_vpn" {
  command = plan
  variables {
    vpn = { kind = "client", server_certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/1", saml_provider_arn = "arn:aws:iam::123456789012:saml-provider/x" }
  }
  assert {
    condition     = aws_ec2_client_vpn_endpoint.this[0].split_tunnel && aws_ec2_client_vpn_endpoint.this[0].session_timeout_hours == 8 && length(aws_ec2_client_vpn_network_association.this) == 2
    error_message = "Only the VPC, for a working day, from two zones."
  }
}

run "an_address_as_host_name_is_refused" {
  command = plan
  variables {
    vpn = { kind = "openvpn", host_name = "10.10.0.5", zone_id = "Z1" }
  }
  expect_failures = [var.vpn]
}

run "client_vpn_without_a_provider_is_refused" {
  command = plan
  variables {
    vpn = { kind = "client" }
  }
  expect_failures = [var.vpn]
}
