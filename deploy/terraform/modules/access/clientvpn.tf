# AWS Client VPN: dearer, and people sign in where they sign in for everything else.

locals {
  client = var.vpn.kind == "client" ? 1 : 0
}

resource "aws_security_group" "client" {
  count       = local.client
  name        = "${var.name}-client-vpn"
  description = "Client VPN"
  vpc_id      = var.vpc.id
  tags        = { Name = "${var.name}-client-vpn" }
}

resource "aws_vpc_security_group_egress_rule" "client" {
  count             = local.client
  security_group_id = aws_security_group.client[0].id
  description       = "the VPC"
  cidr_ipv4         = var.vpc.cidr
  ip_protocol       = "-1"
}

resource "aws_cloudwatch_log_group" "client" {
  count             = local.client
  name              = "/${var.name}/client-vpn"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_ec2_client_vpn_endpoint" "this" {
  count                  = local.client
  description            = var.name
  vpc_id                 = var.vpc.id
  client_cidr_block      = var.vpn.network
  server_certificate_arn = var.vpn.server_certificate_arn
  security_group_ids     = [aws_security_group.client[0].id]
  dns_servers            = [cidrhost(var.vpc.cidr, 2)]
  split_tunnel           = true # only the VPC goes through it
  session_timeout_hours  = 8
  transport_protocol     = "udp"
  authentication_options {
    type              = "federated-authentication"
    saml_provider_arn = var.vpn.saml_provider_arn
  }
  connection_log_options {
    enabled              = true
    cloudwatch_log_group = aws_cloudwatch_log_group.client[0].name
  }
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ec2_client_vpn_network_association" "this" {
  for_each               = local.client == 0 ? {} : var.vpc.app_subnets
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.this[0].id
  subnet_id              = each.value
}

resource "aws_ec2_client_vpn_authorization_rule" "this" {
  count                  = local.client
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.this[0].id
  target_network_cidr    = var.vpc.cidr
  authorize_all_groups   = true
  description            = "Everybody whom the SAML provider lets in"
}
