# What AWS itself tells: tasks that end, deployments that fail, failovers, and its own faults.

locals {
  events = {
    deployment = {
      about   = "A deployment failed or was rolled back"
      pattern = { source = ["aws.ecs"], detail-type = ["ECS Deployment State Change"], detail = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] } }
    }
    task = {
      about   = "A task ended that should not have"
      pattern = { source = ["aws.ecs"], detail-type = ["ECS Task State Change"], detail = { clusterArn = ["arn:aws:ecs:${var.region}:${var.account_id}:cluster/${var.site.cluster}"], lastStatus = ["STOPPED"], stopCode = ["EssentialContainerExited", "TaskFailedToStart"] } }
    }
    database = {
      about   = "Failover, failure, low storage or maintenance of the database"
      pattern = { source = ["aws.rds"], detail-type = ["RDS DB Cluster Event", "RDS DB Instance Event"], detail = { EventCategories = ["failover", "failure", "low storage", "maintenance", "recovery"] } }
    }
    health = {
      about   = "AWS tells of a fault or change of its own"
      pattern = { source = ["aws.health"] }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each      = local.events
  name          = "${var.name}-${each.key}"
  description   = each.value.about
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.events
  rule     = aws_cloudwatch_event_rule.this[each.key].name
  arn      = aws_sns_topic.alarms["site"].arn
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 30
  }
}
