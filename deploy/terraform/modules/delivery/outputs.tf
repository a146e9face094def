output "deploy_role_arn" {
  description = "Role for GitHub's jobs of this environment (aws-actions/configure-aws-credentials, role-to-assume)."
  value       = aws_iam_role.deploy.arn
}

output "oidc_provider_arn" {
  description = "GitHub's provider, for other environments in the same account."
  value       = local.provider
}
