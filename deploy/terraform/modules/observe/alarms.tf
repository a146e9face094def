# Alarms. A page is sent for the promise being spent too fast, not for every error: the fast burn
# would use up two percent of the month's errors in an hour, the slow one five in six hours. Each
# looks at a long and a short window, so it comes on time and goes when the fault is over.

locals {
  budget = (100 - var.slo.availability) / 100
  burns = {
    fast-long  = { rate = 14.4, minutes = 60 }
    fast-short = { rate = 14.4, minutes = 5 }
    slow-long  = { rate = 6, minutes = 360 }
    slow-short = { rate = 6, minutes = 30 }
  }
  tell      = [aws_sns_topic.alarms["site"].arn]
  tell_edge = [aws_sns_topic.alarms["edge"].arn]

  # One number, one bound: everything that is no promise but its early sign.
  simple = merge({
    "p99" = {
      about      = "99 of 100 requests are not answered in time"
      namespace  = "AWS/ApplicationELB", metric = "TargetResponseTime", stat = "p99", above = true, threshold = var.slo.p99, minutes = 10
      dimensions = { LoadBalancer = var.site.balancer }
    }
    "tasks-unhealthy" = {
      about      = "a web task does not answer the balancer's check"
      namespace  = "AWS/ApplicationELB", metric = "UnHealthyHostCount", stat = "Maximum", above = true, threshold = 0, minutes = 5
      dimensions = { LoadBalancer = var.site.balancer, TargetGroup = var.site.target_group }
    }
    "tasks-gone" = {
      about      = "no web task answers"
      namespace  = "AWS/ApplicationELB", metric = "HealthyHostCount", stat = "Minimum", above = false, threshold = 1, minutes = 2
      dimensions = { LoadBalancer = var.site.balancer, TargetGroup = var.site.target_group }
    }
    "database-cpu" = {
      about      = "the database's writer is at its limit"
      namespace  = "AWS/RDS", metric = "CPUUtilization", stat = "Average", above = true, threshold = 85, minutes = 10
      dimensions = { DBClusterIdentifier = var.site.database, Role = "WRITER" }
    }
    "database-memory" = {
      about      = "the database has less than 256 MiB of memory left"
      namespace  = "AWS/RDS", metric = "FreeableMemory", stat = "Minimum", above = false, threshold = 268435456, minutes = 10
      dimensions = { DBClusterIdentifier = var.site.database }
    }
    "database-deadlocks" = {
      about      = "transactions lock each other out"
      namespace  = "AWS/RDS", metric = "Deadlocks", stat = "Average", above = true, threshold = 1, minutes = 5
      dimensions = { DBClusterIdentifier = var.site.database }
    }
    "errors-logged" = {
      about      = "the site logs more errors than it should"
      namespace  = local.own, metric = "Errors", stat = "Sum", above = true, threshold = 20, minutes = 5
      dimensions = null
    }
    }, var.readers_min == 0 ? {} : {
    "database-lag" = {
      about      = "a reader is more than 5 s behind, so the site reads elsewhere"
      namespace  = "AWS/RDS", metric = "AuroraReplicaLagMaximum", stat = "Maximum", above = true, threshold = 5000, minutes = 5
      dimensions = { DBClusterIdentifier = var.site.database }
    }
  })
  own = "Lightstick/${var.name}"
}

resource "aws_cloudwatch_metric_alarm" "burn" {
  for_each            = local.burns
  alarm_name          = "${var.name}-errors-${each.key}"
  alarm_description   = "Part of ${var.name}-errors: over ${each.value.minutes} minutes"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.rate * local.budget * 100
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  metric_query {
    id          = "share"
    expression  = "IF(all > 0, 100 * (bad + gone) / all, 0)"
    label       = "failed requests, percent"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { all = "RequestCount", bad = "HTTPCode_Target_5XX_Count", gone = "HTTPCode_ELB_5XX_Count" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = { LoadBalancer = var.site.balancer }
        stat        = "Sum"
        period      = each.value.minutes * 60
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "errors" {
  for_each          = { fast = "in an hour two percent of the month's errors", slow = "in six hours five percent of the month's errors" }
  alarm_name        = "${var.name}-errors-${each.key}"
  alarm_description = "The promise of ${var.slo.availability} % is being spent: ${each.value}."
  alarm_rule        = "ALARM(\"${aws_cloudwatch_metric_alarm.burn["${each.key}-long"].alarm_name}\") AND ALARM(\"${aws_cloudwatch_metric_alarm.burn["${each.key}-short"].alarm_name}\")"
  alarm_actions     = local.tell
  ok_actions        = local.tell
}

resource "aws_cloudwatch_metric_alarm" "simple" {
  for_each            = local.simple
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${title(substr(each.value.about, 0, 1))}${substr(each.value.about, 1, -1)}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.stat, "p") ? null : each.value.stat
  extended_statistic  = startswith(each.value.stat, "p") ? each.value.stat : null
  period              = 60
  evaluation_periods  = each.value.minutes
  datapoints_to_alarm = ceil(each.value.minutes * 0.8)
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = each.key == "tasks-gone" ? "breaching" : "notBreaching"
  alarm_actions       = local.tell
  ok_actions          = local.tell
}

# What readers get at the edge, in the region where CloudFront and Route 53 tell it.
resource "aws_cloudwatch_metric_alarm" "edge" {
  region              = "us-east-1"
  alarm_name          = "${var.name}-edge-errors"
  alarm_description   = "Readers get errors from CloudFront that no older copy could answer."
  namespace           = "AWS/CloudFront"
  metric_name         = "5xxErrorRate"
  dimensions          = { DistributionId = var.site.distribution, Region = "Global" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell_edge
  ok_actions          = local.tell_edge
}

resource "aws_cloudwatch_metric_alarm" "away" {
  region              = "us-east-1"
  alarm_name          = "${var.name}-away"
  alarm_description   = "The site does not answer from outside."
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = var.site.health_check }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.tell_edge
  ok_actions          = local.tell_edge
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.site.name
  pattern        = "{ $.level = \"ERROR\" }"
  metric_transformation {
    namespace     = local.own
    name          = "Errors"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_log_metric_filter" "paused" {
  name           = "writing-paused"
  log_group_name = aws_cloudwatch_log_group.site.name
  pattern        = "{ $.code = \"writing_paused\" }"
  metric_transformation {
    namespace     = local.own
    name          = "WritingPaused"
    value         = "1"
    default_value = "0"
  }
}
