# The zone, certificates that renew themselves, and the domain's records.

locals {
  media  = "media.${var.domain}"
  origin = "origin.${var.domain}" # only a name for the certificate between CloudFront and the balancer; no record has it
  places = var.routing.policy == "simple" ? {} : var.routing.others
}

resource "aws_route53_zone" "this" {
  name    = var.domain
  comment = "Readers' names of ${var.name}"
  lifecycle {
    prevent_destroy = true # a new zone has other name servers, and the parent zone would not know
  }
}

# Nobody but Amazon may issue certificates for the domain.
resource "aws_route53_record" "caa" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\"", "0 issuewild \"amazon.com\""]
}

# CloudFront takes certificates of us-east-1, the balancer those of its own region.
resource "aws_acm_certificate" "this" {
  for_each                  = { edge = "us-east-1", origin = var.region }
  region                    = each.value
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"
  lifecycle {
    create_before_destroy = true
  }
}

# One record proves the domain and its wildcard, in every region of the account.
locals {
  proof = one([for o in aws_acm_certificate.this["edge"].domain_validation_options : o if o.domain_name == var.domain])
}

resource "aws_route53_record" "proof" {
  zone_id         = aws_route53_zone.this.zone_id
  name            = local.proof.resource_record_name
  type            = local.proof.resource_record_type
  records         = [local.proof.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  for_each                = aws_acm_certificate.this
  region                  = each.value.region
  certificate_arn         = each.value.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

# Asks what readers get, from several continents.
resource "aws_route53_health_check" "edge" {
  type              = "HTTPS"
  fqdn              = var.domain
  port              = 443
  resource_path     = "/readyz"
  request_interval  = 30
  failure_threshold = 3
  enable_sni        = true
  tags              = { Name = var.name }
}

resource "aws_route53_record" "edge" {
  for_each        = toset(["A", "AAAA"])
  zone_id         = aws_route53_zone.this.zone_id
  name            = var.domain
  type            = each.key
  set_identifier  = var.routing.policy == "simple" ? null : "edge"
  health_check_id = var.routing.policy == "simple" ? null : aws_route53_health_check.edge.id
  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false # CloudFront has none to evaluate; the health check asks
  }
  dynamic "failover_routing_policy" {
    for_each = var.routing.policy == "failover" ? ["PRIMARY"] : []
    content {
      type = failover_routing_policy.value
    }
  }
  dynamic "latency_routing_policy" {
    for_each = var.routing.policy == "latency" ? [var.region] : []
    content {
      region = latency_routing_policy.value
    }
  }
}

resource "aws_route53_record" "other" {
  for_each       = local.places
  zone_id        = aws_route53_zone.this.zone_id
  name           = var.domain
  type           = "A"
  set_identifier = each.key
  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = true
  }
  dynamic "failover_routing_policy" {
    for_each = var.routing.policy == "failover" ? ["SECONDARY"] : []
    content {
      type = failover_routing_policy.value
    }
  }
  dynamic "latency_routing_policy" {
    for_each = var.routing.policy == "latency" ? [each.value.region] : []
    content {
      region = latency_routing_policy.value
    }
  }
}

resource "aws_route53_record" "media" {
  for_each = toset(["A", "AAAA"])
  zone_id  = aws_route53_zone.this.zone_id
  name     = local.media
  type     = each.key
  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}
