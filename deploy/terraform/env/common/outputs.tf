output "name_servers" {
  description = "Enter these at the parent zone or registrar, once."
  value       = module.edge.name_servers
}

output "repository" {
  description = "Where images are pushed."
  value       = module.compute.repository.url
}

output "deploy_role_arn" {
  description = "Role of GitHub's jobs."
  value       = module.delivery.deploy_role_arn
}

output "cluster" {
  description = "ECS cluster, services and task families."
  value       = { name = module.compute.cluster.name, services = module.compute.services, families = module.compute.task_families }
}

output "network" {
  description = "Subnets and group for tasks that are run by hand."
  value       = { subnets = values(module.network.app_subnets), security_group = module.compute.task_security_group }
}

output "database" {
  description = "Endpoints of the database."
  value       = { writer = module.data.writer, reader = module.data.reader }
}

output "secrets" {
  description = "Secrets to put in by hand."
  value       = module.data.secret_arns
}

output "rotation_arn" {
  description = "State machine that changes the database's password."
  value       = module.compute.rotation_arn
}

output "sign_in" {
  description = "Cognito's issuer and client, or null."
  value       = one([for m in module.identity : { issuer = m.issuer, client_id = m.client_id }])
}

output "developer_policy_arn" {
  description = "Policy for the developers' permission set."
  value       = module.access.developer_policy_arn
}

output "vpn" {
  description = "The VPN's host name and server, or nulls."
  value       = { host = module.access.vpn_host, instance = module.access.vpn_instance }
}

output "grafana_url" {
  description = "Grafana, or null."
  value       = module.observe.grafana_url
}

output "buckets" {
  description = "Buckets by purpose."
  value       = module.edge.buckets
}
