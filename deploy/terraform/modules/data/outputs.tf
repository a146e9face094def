output "writer" {
  description = "Address of the writer's endpoint."
  value       = aws_rds_cluster.this.endpoint
}

output "reader" {
  description = "Address of the readers' endpoint. Without readers it leads to the writer."
  value       = aws_rds_cluster.this.reader_endpoint
}

output "database" {
  description = "Name of the database."
  value       = aws_rds_cluster.this.database_name
}

output "user" {
  description = "The site's user in the database."
  value       = aws_rds_cluster.this.master_username
}

output "password_secret_arn" {
  description = "Secret with the user's password under the key password."
  value       = aws_rds_cluster.this.master_user_secret[0].secret_arn
}

output "cluster_id" {
  description = "Name of the cluster, for alarms."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "resource_id" {
  description = "The cluster's id in the ARNs of IAM database users."
  value       = aws_rds_cluster.this.cluster_resource_id
}

output "secret_arns" {
  description = "ARNs of the secrets that people put in, by name."
  value       = { for name, s in aws_secretsmanager_secret.this : name => s.arn }
}
