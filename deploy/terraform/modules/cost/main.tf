# What it costs, told before the bill does. Tags are set by the provider of each root on everything;
# the rule finds what was made by hand.

resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.monthly)
  limit_unit   = "USD"
  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Environment$%s", var.environment)]
  }
  dynamic "notification" {
    for_each = { half = ["ACTUAL", 50], most = ["ACTUAL", 80], all = ["ACTUAL", 100], forecast = ["FORECASTED", 100] }
    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value[0]
      threshold                  = notification.value[1]
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.emails
    }
  }
}

resource "aws_ce_anomaly_monitor" "this" {
  name         = var.name
  monitor_type = "CUSTOM"
  monitor_specification = jsonencode({
    Tags = { Key = "Environment", Values = [var.environment], MatchOptions = null }
  })
}

resource "aws_ce_anomaly_subscription" "this" {
  name             = var.name
  frequency        = "DAILY"
  monitor_arn_list = [aws_ce_anomaly_monitor.this.arn]
  dynamic "subscriber" {
    for_each = var.emails
    content {
      type    = "EMAIL"
      address = subscriber.value
    }
  }
  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.anomaly)]
    }
  }
}

resource "aws_ce_cost_allocation_tag" "this" {
  for_each = toset(var.activate_tags ? var.required_tags : [])
  tag_key  = each.key
  status   = "Active"
}

resource "aws_config_config_rule" "tags" {
  count            = var.config_recorder ? 1 : 0
  name             = "${var.name}-tags"
  description      = "Every resource has the tags that costs are told apart by"
  input_parameters = jsonencode({ for i, t in var.required_tags : "tag${i + 1}Key" => t })
  source {
    owner             = "AWS"
    source_identifier = "REQUIRED_TAGS"
  }
}
