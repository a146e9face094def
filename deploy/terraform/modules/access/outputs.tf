output "sessions" {
  description = "Where sessions are recorded, for the cluster's exec."
  value = {
    log_group     = aws_cloudwatch_log_group.sessions.name
    log_group_arn = aws_cloudwatch_log_group.sessions.arn
    bucket        = aws_s3_bucket.sessions.bucket
    bucket_arn    = aws_s3_bucket.sessions.arn
  }
}

output "developer_policy_arn" {
  description = "Policy for the developers' permission set."
  value       = aws_iam_policy.developer.arn
}

output "vpn_groups" {
  description = "Security groups that the VPN's clients come from, by kind."
  value       = merge({ for g in aws_security_group.openvpn : "openvpn" => g.id }, { for g in aws_security_group.client : "client-vpn" => g.id })
}

output "vpn_host" {
  description = "Name that VPN profiles have, or null."
  value       = one(aws_route53_record.openvpn[*].name)
}

output "vpn_instance" {
  description = "The OpenVPN server, for sessions on it, or null."
  value       = one(aws_instance.openvpn[*].id)
}
