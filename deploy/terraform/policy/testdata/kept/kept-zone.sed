# the zone gets another name
# file: modules/edge/dns.tf
# target: module.edge.aws_route53_zone.this
# want: replaced
/^resource "aws_route53_zone"/,/^}/s/name    = var.domain/name    = "x.${var.domain}"/
