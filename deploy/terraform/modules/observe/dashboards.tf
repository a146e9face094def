# What people look at: a CloudWatch dashboard always, Prometheus and Grafana where they are wanted.

locals {
  graphs = [
    { title = "Requests a minute", stat = "Sum", lines = [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.site.balancer]] },
    { title = "Errors", stat = "Sum", lines = [["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.site.balancer], ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.site.balancer]] },
    { title = "Seconds to answer, 99 of 100", stat = "p99", lines = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.site.balancer]] },
    { title = "Tasks", stat = "Average", lines = [for s in values(var.site.services) : ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.site.cluster, "ServiceName", s]] },
    { title = "CPU of the tasks, percent", stat = "Average", lines = [for s in values(var.site.services) : ["AWS/ECS", "CPUUtilization", "ClusterName", var.site.cluster, "ServiceName", s]] },
    { title = "CPU of the database, percent", stat = "Average", lines = [for r in ["WRITER", "READER"] : ["AWS/RDS", "CPUUtilization", "DBClusterIdentifier", var.site.database, "Role", r]] },
    { title = "Lag of the readers, ms", stat = "Maximum", lines = [["AWS/RDS", "AuroraReplicaLagMaximum", "DBClusterIdentifier", var.site.database]] },
    { title = "Errors logged, writing paused", stat = "Sum", lines = [[local.own, "Errors"], [local.own, "WritingPaused"]] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = [for i, g in local.graphs : {
    type   = "metric"
    x      = (i % 2) * 12
    y      = floor(i / 2) * 6
    width  = 12
    height = 6
    properties = {
      title   = g.title
      stat    = g.stat
      period  = 60
      region  = var.region
      view    = "timeSeries"
      metrics = g.lines
    }
  }] })
}

resource "aws_prometheus_workspace" "this" {
  count       = var.prometheus ? 1 : 0
  alias       = var.name
  kms_key_arn = var.kms_key_arn
}

resource "aws_prometheus_rule_group_namespace" "this" {
  for_each     = var.prometheus ? var.prometheus_rules : {}
  name         = each.key
  workspace_id = aws_prometheus_workspace.this[0].id
  data         = each.value
}

data "aws_iam_policy_document" "grafana_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["grafana.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "grafana" {
  count = var.grafana ? 1 : 0
  statement {
    actions   = ["aps:QueryMetrics", "aps:GetLabels", "aps:GetSeries", "aps:GetMetricMetadata", "aps:DescribeWorkspace"]
    resources = [aws_prometheus_workspace.this[0].arn]
  }
  statement {
    sid       = "AnyResourceReadingMetricsKnowsNone"
    actions   = ["aps:ListWorkspaces", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics"]
    resources = ["*"] # AWS knows no resource for reading metrics
  }
}

resource "aws_iam_role" "grafana" {
  count              = var.grafana ? 1 : 0
  name               = "${var.name}-grafana"
  assume_role_policy = data.aws_iam_policy_document.grafana_trust.json
}

resource "aws_iam_role_policy" "grafana" {
  count  = var.grafana ? 1 : 0
  name   = "read"
  role   = aws_iam_role.grafana[0].id
  policy = data.aws_iam_policy_document.grafana[0].json
}

resource "aws_grafana_workspace" "this" {
  count                    = var.grafana ? 1 : 0
  name                     = var.name
  account_access_type      = "CURRENT_ACCOUNT"
  authentication_providers = ["AWS_SSO"]
  permission_type          = "CUSTOMER_MANAGED"
  data_sources             = ["PROMETHEUS", "CLOUDWATCH"]
  role_arn                 = aws_iam_role.grafana[0].arn
  configuration            = jsonencode({ unifiedAlerting = { enabled = true }, plugins = { pluginAdminEnabled = false } })
}
