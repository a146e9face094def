# How the number of tasks follows the load. Target tracking holds the usual; steps answer a surge a
# minute or two earlier. New tasks serve three to five minutes after a surge began: until then cache
# and admission carry it, and known times are better scheduled.

locals {
  scaled = { web = var.web, worker = var.worker }
  # AWS's bounds are relative to the alarm's threshold. Each step begins where the one before ends
  # and the last has no end, so there is neither gap nor overlap, whatever the variable says.
  threshold = var.surge[0].from
  steps = [for i, s in var.surge : {
    percent = s.percent
    lower   = s.from - local.threshold
    upper   = i + 1 < length(var.surge) ? var.surge[i + 1].from - local.threshold : null
  }]
}

resource "aws_appautoscaling_target" "this" {
  for_each           = local.scaled
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${each.key == "web" ? aws_ecs_service.web.name : aws_ecs_service.worker.name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
  # Scheduled actions move both bounds, and an apply sets them back: the plan shows it. Do not apply
  # between the two actions of an event.
}

resource "aws_appautoscaling_policy" "requests" {
  count              = local.rolling ? 1 : 0
  name               = "${var.name}-web-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this["web"].resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = var.requests_per_target
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.this.arn_suffix}/${aws_lb_target_group.web["a"].arn_suffix}"
    }
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  for_each           = toset(local.rolling ? ["worker"] : ["web", "worker"])
  name               = "${var.name}-${each.key}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = 50
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "surge" {
  name               = "${var.name}-web-surge"
  policy_type        = "StepScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this["web"].resource_id
  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity"
    metric_aggregation_type  = "Average"
    min_adjustment_magnitude = 2
    cooldown                 = 60
    dynamic "step_adjustment" {
      for_each = local.steps
      content {
        scaling_adjustment          = step_adjustment.value.percent
        metric_interval_lower_bound = step_adjustment.value.lower
        metric_interval_upper_bound = step_adjustment.value.upper
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "surge" {
  alarm_name          = "${var.name}-web-surge"
  alarm_description   = "Adds web tasks in steps."
  namespace           = var.surge_metric.namespace
  metric_name         = var.surge_metric.name
  dimensions          = coalesce(var.surge_metric.dimensions, { ClusterName = aws_ecs_cluster.this.name, ServiceName = aws_ecs_service.web.name })
  statistic           = "Average"
  period              = var.surge_metric.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = local.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.surge.arn]
}

resource "aws_appautoscaling_scheduled_action" "web" {
  for_each           = var.scheduled
  name               = "${var.name}-${each.key}"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this["web"].resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone
  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }
}
