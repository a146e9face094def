# An OpenVPN server for those who need the whole network. What its profiles name is a host name of
# ours from the first day; behind it stands an address that stays, on an interface that stays. The
# server itself is not replaced by an apply, whatever becomes of its image or its script: it patches
# itself, and its authority lives on its disk.

locals {
  openvpn = var.vpn.kind == "openvpn" ? 1 : 0
  setup = local.openvpn == 0 ? "" : templatefile("${path.module}/openvpn/cloud-init.sh.tftpl", {
    settings = {
      VPN_HOST    = var.vpn.host_name
      VPN_NETWORK = "${cidrhost(var.vpn.network, 0)} ${cidrnetmask(var.vpn.network)}"
      VPN_ROUTE   = "${cidrhost(var.vpc.cidr, 0)} ${cidrnetmask(var.vpc.cidr)}"
      VPN_DNS     = cidrhost(var.vpc.cidr, 2) # the VPC's resolver
    }
    script = file("${path.module}/openvpn/lightstick-vpn")
  })
}

resource "aws_security_group" "openvpn" {
  count       = local.openvpn
  name        = "${var.name}-openvpn"
  description = "OpenVPN server"
  vpc_id      = var.vpc.id
  tags        = { Name = "${var.name}-openvpn" }
}

resource "aws_vpc_security_group_ingress_rule" "openvpn" {
  for_each          = local.openvpn == 0 ? toset([]) : var.vpn.from
  security_group_id = aws_security_group.openvpn[0].id
  description       = "VPN clients; whoever lacks the common key gets no answer"
  cidr_ipv4         = each.key
  ip_protocol       = "udp"
  from_port         = 1194
  to_port           = 1194
}

resource "aws_vpc_security_group_egress_rule" "openvpn" {
  count             = local.openvpn
  security_group_id = aws_security_group.openvpn[0].id
  description       = "the VPC, patches and sessions"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_network_interface" "openvpn" {
  count           = local.openvpn
  subnet_id       = var.vpc.public_subnets[sort(keys(var.vpc.public_subnets))[0]]
  security_groups = [aws_security_group.openvpn[0].id]
  tags            = { Name = "${var.name}-openvpn" }
}

resource "aws_eip" "openvpn" {
  count             = local.openvpn
  domain            = "vpc"
  network_interface = aws_network_interface.openvpn[0].id
  tags              = { Name = "${var.name}-openvpn" }
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_route53_record" "openvpn" {
  count   = local.openvpn
  zone_id = var.vpn.zone_id
  name    = var.vpn.host_name
  type    = "A"
  ttl     = 60
  records = [aws_eip.openvpn[0].public_ip] # never a private address
}

data "aws_iam_policy_document" "openvpn_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "openvpn" {
  statement {
    sid       = "AnyResourceAnAgentsChannelsHaveNone"
    actions   = ["ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
    resources = ["*"] # AWS knows no resource for these channels
  }
  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.sessions.arn}:*"]
  }
  statement {
    sid       = "AnyResourceGroupsAreLookedUpByListing"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"] # the agent lists groups to find its own; AWS gives no narrower right
  }
  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.sessions.arn}/sessions/*"]
  }
  statement {
    actions   = ["s3:GetEncryptionConfiguration"]
    resources = [aws_s3_bucket.sessions.arn]
  }
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "openvpn" {
  count              = local.openvpn
  name               = "${var.name}-openvpn"
  assume_role_policy = data.aws_iam_policy_document.openvpn_trust.json
}

resource "aws_iam_role_policy" "openvpn" {
  count  = local.openvpn
  name   = "sessions"
  role   = aws_iam_role.openvpn[0].id
  policy = data.aws_iam_policy_document.openvpn.json
}

resource "aws_iam_instance_profile" "openvpn" {
  count = local.openvpn
  name  = "${var.name}-openvpn"
  role  = aws_iam_role.openvpn[0].name
}

# Only a launch template can name an image by its kind instead of its number.
resource "aws_launch_template" "openvpn" {
  count                  = local.openvpn
  name                   = "${var.name}-openvpn"
  image_id               = "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"
  instance_type          = var.vpn.instance_type
  update_default_version = true
  user_data              = base64encode(local.setup)
  iam_instance_profile {
    name = aws_iam_instance_profile.openvpn[0].name
  }
  block_device_mappings {
    device_name = "/dev/sda1"
    ebs {
      volume_size           = 16
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = false # the authority of all profiles is on it
    }
  }
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_instance" "openvpn" {
  count                       = local.openvpn
  disable_api_termination     = true
  user_data_replace_on_change = false
  launch_template {
    id      = aws_launch_template.openvpn[0].id
    version = "$Default"
  }
  primary_network_interface {
    network_interface_id = aws_network_interface.openvpn[0].id
  }
  metadata_options {
    http_tokens = "required"
  }
  tags = { Name = "${var.name}-openvpn" }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [ami, launch_template, user_data, user_data_base64, root_block_device, ebs_block_device]
  }
  depends_on = [aws_eip.openvpn, aws_iam_role_policy.openvpn] # the first boot fetches packages
}
