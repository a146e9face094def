mock_provider "aws" {
  mock_resource "aws_ce_anomaly_monitor" {
    defaults = { arn = "arn:aws:ce::123456789012:anomalymonitor/1" }
  }
}

variables {
  name        = "fans-test"
  environment = "test"
  monthly     = 100
  emails      = ["ops@fans.example"]
}

run "told_before_the_bill" {
  assert {
    condition     = toset([for n in aws_budgets_budget.this.notification : "${n.notification_type} ${n.threshold}"]) == toset(["ACTUAL 50", "ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "Half, most, all, and when the month will end above it."
  }
  assert {
    condition     = one(aws_budgets_budget.this.cost_filter).values == tolist(["user:Environment$test"])
    error_message = "The budget is of this environment alone."
  }
  assert {
    condition     = [for s in aws_ce_anomaly_subscription.this.subscriber : s.address] == ["ops@fans.example"]
    error_message = "An anomaly is told."
  }
}

run "tags_are_looked_for" {
  variables {
    config_recorder = true
  }
  assert {
    condition     = jsondecode(aws_config_config_rule.tags[0].input_parameters) == { tag1Key = "Project", tag2Key = "Environment", tag3Key = "Owner" }
    error_message = "The rule knows all three tags."
  }
}

run "a_budget_nobody_hears_of_is_refused" {
  command = plan
  variables {
    emails = []
  }
  expect_failures = [var.emails]
}
