mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-northeast-2:123456789012:alarms" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-2:123456789012:key/2" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:x" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-northeast-2:123456789012:function:mock" }
  }
  mock_resource "aws_prometheus_workspace" {
    defaults = { arn = "arn:aws:aps:ap-northeast-2:123456789012:workspace/ws-1", prometheus_endpoint = "https://aps.example/workspaces/ws-1/" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

variables {
  name        = "fans-test"
  region      = "ap-northeast-2"
  account_id  = "123456789012"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
  site = {
    cluster  = "fans-test", services = { web = "web", worker = "worker" }, balancer = "app/x/1", target_group = "targetgroup/x/1"
    database = "fans-test", distribution = "E1", health_check = "h1"
  }
}

run "alarms_follow_the_promise" {
  assert {
    condition     = abs(aws_cloudwatch_metric_alarm.burn["fast-long"].threshold - 1.44) < 0.0001 && abs(aws_cloudwatch_metric_alarm.burn["slow-short"].threshold - 0.6) < 0.0001
    error_message = "Of 99.9 %: 1.44 % of errors is the fast burn, 0.6 % the slow one."
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.errors["fast"].alarm_rule == "ALARM(\"fans-test-errors-fast-long\") AND ALARM(\"fans-test-errors-fast-short\")"
    error_message = "Only both windows together wake somebody."
  }
  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.simple : length(a.alarm_actions) == 1]) && length(aws_cloudwatch_metric_alarm.edge.alarm_actions) == 1 && aws_cloudwatch_metric_alarm.edge.region == "us-east-1"
    error_message = "Every alarm tells somebody, in the region of its metric."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.simple["tasks-gone"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.simple["p99"].extended_statistic == "p99"
    error_message = "No figure from no task is an alarm."
  }
}

run "everything_is_encrypted_and_forgotten_in_time" {
  assert {
    condition     = alltrue([for t in aws_sns_topic.alarms : t.kms_master_key_id != null]) && aws_cloudwatch_log_group.site.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.site.retention_in_days == 30
    error_message = "Topics and logs are encrypted; logs end."
  }
}

run "aws_is_listened_to" {
  assert {
    condition     = toset(keys(aws_cloudwatch_event_rule.this)) == toset(["deployment", "task", "database", "health"]) && alltrue([for t in aws_cloudwatch_event_target.this : t.arn == aws_sns_topic.alarms["site"].arn])
    error_message = "ECS, RDS and Health are told of."
  }
}

run "relay" {
  variables {
    relay = { zip = "tests/relay.zip", environment = { SECRET = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:chat" }, secret_arns = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:chat"] }
  }
  assert {
    condition     = length(aws_sns_topic_subscription.relay) == 2 && aws_lambda_function.relay[0].runtime == "provided.al2023" && aws_lambda_function.relay[0].source_code_hash == filebase64sha256("tests/relay.zip")
    error_message = "The relay listens to both topics and changes with its zip."
  }
}

run "prometheus_and_grafana" {
  variables {
    prometheus       = true
    grafana          = true
    prometheus_rules = { slo = "groups: []" }
  }
  assert {
    condition     = output.prometheus.remote_write_url == "https://aps.example/workspaces/ws-1/api/v1/remote_write" && aws_grafana_workspace.this[0].permission_type == "CUSTOMER_MANAGED"
    error_message = "The collector knows where to write; Grafana has our role."
  }
  assert {
    condition     = aws_prometheus_rule_group_namespace.this["slo"].data == "groups: []"
    error_message = "Rules are loaded."
  }
}

run "grafana_without_prometheus_is_refused" {
  command = plan
  variables {
    grafana = true
  }
  expect_failures = [var.grafana]
}

run "an_address_of_a_chat_is_refused" {
  command = plan
  variables {
    relay = { zip = "tests/relay.zip", environment = { URL = "https://hooks.slack.com/services/x" } }
  }
  expect_failures = [var.relay]
}
