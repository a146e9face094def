output "cluster" {
  description = "Name and ARN of the ECS cluster."
  value       = { name = aws_ecs_cluster.this.name, arn = aws_ecs_cluster.this.arn }
}

output "services" {
  description = "Names of the services."
  value       = { web = aws_ecs_service.web.name, worker = aws_ecs_service.worker.name }
}

output "task_families" {
  description = "Families of the task definitions by role; migrate is run once before a new version."
  value       = { for role, t in aws_ecs_task_definition.this : role => t.family }
}

output "task_roles" {
  description = "Roles that delivery hands to new task definitions."
  value       = { execution = aws_iam_role.execution.arn, task = aws_iam_role.task.arn }
}

output "task_security_group" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}

output "repository" {
  description = "Name, ARN and URL of the image repository."
  value       = { name = aws_ecr_repository.this.name, arn = aws_ecr_repository.this.arn, url = aws_ecr_repository.this.repository_url }
}

output "balancer" {
  description = "The internal load balancer: ARN and name for CloudFront's VPC origin, suffix for metrics."
  value       = { arn = aws_lb.this.arn, dns_name = aws_lb.this.dns_name, suffix = aws_lb.this.arn_suffix }
}

output "target_group_suffix" {
  description = "The web's target group in metrics."
  value       = aws_lb_target_group.web["a"].arn_suffix
}

output "deployment_alarm" {
  description = "Alarm that rolls a deployment back."
  value       = aws_cloudwatch_metric_alarm.failing.alarm_name
}

output "rotation_arn" {
  description = "State machine that changes the database's password and restarts the tasks."
  value       = aws_sfn_state_machine.rotation.arn
}
