mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

variables {
  name        = "fans-test"
  region      = "ap-northeast-2"
  cidr        = "10.10.0.0/16"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
}

run "one_nat_in_each_zone" {
  command = plan
  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_eip.nat) == 3
    error_message = "Each zone has a NAT gateway of its own."
  }
  assert {
    condition     = toset([for s in aws_subnet.app : s.availability_zone]) == toset(["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"])
    error_message = "The application is spread over three zones."
  }
  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.app : s.cidr_block], [for s in aws_subnet.data : s.cidr_block]))) == 9
    error_message = "Nine subnets, nine networks."
  }
  assert {
    condition     = alltrue([for s in aws_subnet.public : s.map_public_ip_on_launch != true])
    error_message = "Nobody gets a public address without asking for it."
  }
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id != null
    error_message = "All connections are recorded, encrypted."
  }
}

run "one_nat" {
  command = plan
  variables {
    nat       = "one"
    endpoints = []
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "All zones leave through the one gateway."
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0 && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "S3's endpoint is free and always there."
  }
}

# The networks of a zone must not move when another is added: that would replace the database's.
run "a_fourth_zone_moves_no_other" {
  command = plan
  variables {
    zones = ["a", "b", "c", "d"]
  }
  assert {
    condition     = aws_subnet.data["a"].cidr_block == "10.10.128.0/24" && aws_subnet.data["c"].cidr_block == "10.10.130.0/24" && aws_subnet.app["c"].cidr_block == "10.10.48.0/20"
    error_message = "The first three zones keep their networks."
  }
}

run "one_zone_is_refused" {
  command = plan
  variables {
    zones = ["a"]
  }
  expect_failures = [var.zones]
}
