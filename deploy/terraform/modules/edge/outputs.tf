output "zone_id" {
  description = "The zone, for records of other modules."
  value       = aws_route53_zone.this.zone_id
}

output "name_servers" {
  description = "Name servers to enter at the parent zone or registrar."
  value       = aws_route53_zone.this.name_servers
}

output "origin_certificate_arn" {
  description = "Valid certificate for the load balancer, in the origin's region."
  value       = aws_acm_certificate_validation.this["origin"].certificate_arn
}

output "distribution" {
  description = "CloudFront: id, ARN and domain name."
  value       = { id = aws_cloudfront_distribution.this.id, arn = aws_cloudfront_distribution.this.arn, domain_name = aws_cloudfront_distribution.this.domain_name }
}

output "buckets" {
  description = "Names of the buckets: assets, media, snapshot, logs."
  value       = { for k, b in aws_s3_bucket.this : k => b.bucket }
}

output "media_url" {
  description = "Origin that readers load uploads from."
  value       = "https://${local.media}"
}

output "health_check_id" {
  description = "Route 53's health check of the site; its metrics are in us-east-1."
  value       = aws_route53_health_check.edge.id
}

output "web_acl" {
  description = "Name of the firewall in metrics (us-east-1)."
  value       = aws_wafv2_web_acl.this.name
}
