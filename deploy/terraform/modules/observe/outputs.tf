output "log_group" {
  description = "Log group of the site's tasks."
  value       = { name = aws_cloudwatch_log_group.site.name, arn = aws_cloudwatch_log_group.site.arn }
}

output "topic_arns" {
  description = "Topics that alarms go to: site in the site's region, edge in us-east-1."
  value       = { for k, t in aws_sns_topic.alarms : k => t.arn }
}

output "prometheus" {
  description = "Where the collector writes, or null."
  value = var.prometheus ? {
    workspace_arn    = aws_prometheus_workspace.this[0].arn
    remote_write_url = "${aws_prometheus_workspace.this[0].prometheus_endpoint}api/v1/remote_write"
  } : null
}

output "grafana_url" {
  description = "Address of Grafana, or null."
  value       = var.grafana ? "https://${aws_grafana_workspace.this[0].endpoint}" : null
}
