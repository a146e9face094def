# Web and worker. Autoscaling owns their number and delivery their version: an apply touches neither.

resource "aws_ecs_service" "web" {
  name                               = "web"
  cluster                            = aws_ecs_cluster.this.arn
  task_definition                    = aws_ecs_task_definition.this["web"].arn
  desired_count                      = var.web.min
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  enable_execute_command             = var.exec != null
  availability_zone_rebalancing      = "ENABLED"
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true

  network_configuration {
    subnets          = values(var.vpc.subnets)
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  load_balancer {
    container_name   = "lightstick"
    container_port   = 8080
    target_group_arn = aws_lb_target_group.web["a"].arn
    dynamic "advanced_configuration" {
      for_each = local.rolling ? [] : [aws_lb_target_group.web["b"].arn]
      content {
        alternate_target_group_arn = advanced_configuration.value
        production_listener_rule   = aws_lb_listener_rule.web.arn
        role_arn                   = aws_iam_role.shift[0].arn
      }
    }
  }

  deployment_configuration {
    strategy             = var.strategy
    bake_time_in_minutes = local.rolling ? null : var.bake_minutes
    dynamic "canary_configuration" {
      for_each = var.strategy == "CANARY" ? [var.canary_percent] : []
      content {
        canary_percent              = canary_configuration.value
        canary_bake_time_in_minutes = var.bake_minutes
      }
    }
  }

  dynamic "deployment_circuit_breaker" {
    for_each = local.rolling ? [true] : []
    content {
      enable   = true
      rollback = true
    }
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.failing.alarm_name]
  }

  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }
  depends_on = [aws_lb_listener_rule.web, aws_iam_role_policy.task, aws_iam_role_policy.execution]
}

resource "aws_ecs_service" "worker" {
  name                               = "worker"
  cluster                            = aws_ecs_cluster.this.arn
  task_definition                    = aws_ecs_task_definition.this["worker"].arn
  desired_count                      = var.worker.min
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  enable_execute_command             = var.exec != null
  availability_zone_rebalancing      = "ENABLED"
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = 100 - var.spot_weight
  }
  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = var.spot_weight
  }

  network_configuration {
    subnets          = values(var.vpc.subnets)
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }
  depends_on = [aws_ecs_cluster_capacity_providers.this, aws_iam_role_policy.task, aws_iam_role_policy.execution]
}

# A deployment under which more answers fail than this is rolled back.
resource "aws_cloudwatch_metric_alarm" "failing" {
  alarm_name          = "${var.name}-deployment-failing"
  alarm_description   = "More than 5 % of answers are errors of the site: a deployment that is under way is rolled back."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  metric_query {
    id          = "share"
    expression  = "IF(all > 100, 100 * (bad + refused) / all, 0)"
    label       = "failed answers, percent"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { all = "RequestCount", bad = "HTTPCode_Target_5XX_Count", refused = "TargetConnectionErrorCount" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = { LoadBalancer = aws_lb.this.arn_suffix }
        stat        = "Sum"
        period      = 60
      }
    }
  }
}
