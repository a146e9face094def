output "budget" {
  description = "Name of the budget."
  value       = aws_budgets_budget.this.name
}

output "anomaly_monitor_arn" {
  description = "Monitor of unusual costs."
  value       = aws_ce_anomaly_monitor.this.arn
}
