# Policies are made by the provider itself, so they are real here; nothing else is asked of AWS.
mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/mock" }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/mock/1", arn_suffix = "app/mock/1" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/mock/1", arn_suffix = "targetgroup/mock/1" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/mock/1/2" }
  }
  mock_resource "aws_lb_listener_rule" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener-rule/app/mock/1/2/3" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/fans-test" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/mock:1" }
  }
  mock_resource "aws_appautoscaling_policy" {
    defaults = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:1" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:ap-northeast-2:123456789012:stateMachine:mock" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"x.amazonaws.com\"}}]}" }
  }
}

variables {
  name            = "fans-test"
  environment     = "staging"
  region          = "ap-northeast-2"
  account_id      = "123456789012"
  vpc             = { id = "vpc-1", cidr = "10.10.0.0/16", subnets = { a = "subnet-a", b = "subnet-b", c = "subnet-c" } }
  kms_key_arn     = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
  domain          = "fans.example"
  certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/1"
  image           = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/fans-test:v1"
  web             = { cpu = 1024, memory = 2048, min = 3, max = 30 }
  worker          = { cpu = 512, memory = 1024, min = 1, max = 4 }
  database        = { writer = "w.example", reader = "r.example", name = "lightstick", user = "lightstick", secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds-1" }
  media           = { bucket = "fans-test-media", url = "https://media.fans.example" }
  mail            = { from = "Fans <no-reply@fans.example>", secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:smtp-1" }
  log_group       = { name = "/fans-test/site", arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/fans-test/site" }
}

run "internal_and_spread" {
  assert {
    condition     = aws_lb.this.internal && length(aws_lb.this.subnets) == 3 && aws_lb.this.enable_deletion_protection
    error_message = "The load balancer has no address on the internet and stands in every zone."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.balancer.cidr_ipv4 == "10.10.0.0/16" && aws_vpc_security_group_ingress_rule.balancer.from_port == 443
    error_message = "Only the VPC reaches it, with HTTPS."
  }
  assert {
    condition     = aws_lb_target_group.web["a"].health_check[0].path == "/readyz" && aws_lb_target_group.web["a"].load_balancing_algorithm_type == "least_outstanding_requests"
    error_message = "The balancer asks /readyz and prefers who is least busy."
  }
  assert {
    condition     = tonumber(aws_lb_target_group.web["a"].deregistration_delay) < jsondecode(aws_ecs_task_definition.this["web"].container_definitions)[0].stopTimeout
    error_message = "A task lives longer than its connections are drained."
  }
  assert {
    condition     = !aws_ecs_service.web.network_configuration[0].assign_public_ip && !aws_ecs_service.worker.network_configuration[0].assign_public_ip
    error_message = "Tasks have no public address."
  }
}

run "steps_have_no_gap_and_no_end" {
  assert {
    condition = [for s in sort([for a in aws_appautoscaling_policy.surge.step_scaling_policy_configuration[0].step_adjustment : format("%04s %s %s", a.metric_interval_lower_bound, coalesce(a.metric_interval_upper_bound, "end"), a.scaling_adjustment)]) : s] == [
      "0000 15 25", "0015 25 50", "0025 end 100",
    ]
    error_message = "From the threshold to infinity, each step where the one before ends."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.surge.threshold == 60 && aws_cloudwatch_metric_alarm.surge.period == 60
    error_message = "The alarm's threshold is where the first step begins, and it is no finer than the metric."
  }
  assert {
    condition     = aws_appautoscaling_policy.requests[0].policy_type == "TargetTrackingScaling"
    error_message = "Target tracking holds the usual."
  }
}

run "no_secret_is_a_setting" {
  assert {
    condition     = toset([for s in jsondecode(aws_ecs_task_definition.this["web"].container_definitions)[0].secrets : s.name]) == toset(["PGPASSWORD", "LIGHTSTICK_SMTP"])
    error_message = "Password and mail server come from Secrets Manager."
  }
  assert {
    condition     = alltrue([for e in jsondecode(aws_ecs_task_definition.this["web"].container_definitions)[0].environment : !can(regex("://[^/@]*:[^/@]*@", e.value))])
    error_message = "No address has a password in it."
  }
  assert {
    condition     = { for e in jsondecode(aws_ecs_task_definition.this["web"].container_definitions)[0].environment : e.name => e.value }["LIGHTSTICK_WORKER"] == "false"
    error_message = "Web tasks leave the jobs to the worker."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["web"].container_definitions)[0].readonlyRootFilesystem
    error_message = "Without exec the root file system is read-only."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["migrate"].container_definitions)[0].command == ["migrate"]
    error_message = "There is a task that migrates."
  }
}

run "a_bad_version_goes_back_by_itself" {
  assert {
    condition     = aws_ecs_service.web.deployment_circuit_breaker[0].rollback && aws_ecs_service.web.alarms[0].rollback && aws_ecs_service.worker.deployment_circuit_breaker[0].rollback
    error_message = "Circuit breaker and alarm roll back."
  }
  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "A tag means one image for ever, and each is scanned."
  }
}

run "canary" {
  variables {
    strategy = "CANARY"
  }
  assert {
    condition     = aws_ecs_service.web.deployment_configuration[0].canary_configuration[0].canary_percent == 10 && length(aws_ecs_service.web.deployment_circuit_breaker) == 0
    error_message = "A canary gets its share; the breaker is for rolling deployments."
  }
  assert {
    condition     = length(aws_lb_target_group.web) == 2 && length(aws_appautoscaling_policy.requests) == 0 && length(aws_appautoscaling_policy.cpu) == 2
    error_message = "Two target groups, and the CPU decides about size."
  }
}

run "with_exec_and_metrics" {
  variables {
    exec       = { log_group = "/fans-test/session", log_group_arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/fans-test/session", bucket = "fans-test-sessions", bucket_arn = "arn:aws:s3:::fans-test-sessions" }
    prometheus = { workspace_arn = "arn:aws:aps:ap-northeast-2:123456789012:workspace/ws-1", remote_write_url = "https://aps.example/api/v1/remote_write" }
  }
  assert {
    condition     = aws_ecs_service.web.enable_execute_command && aws_ecs_cluster.this.configuration[0].execute_command_configuration[0].logging == "OVERRIDE"
    error_message = "Sessions are possible and recorded."
  }
  assert {
    condition     = strcontains(jsondecode(aws_ecs_task_definition.this["web"].container_definitions)[1].environment[0].value, "127.0.0.1:9090") && length(jsondecode(aws_ecs_task_definition.this["migrate"].container_definitions)) == 1
    error_message = "A collector reads the private listener of each task that stays."
  }
}

run "scheduled" {
  variables {
    scheduled = { comeback = { schedule = "at(2027-01-01T17:30:00)", min = 20, max = 60 } }
  }
  assert {
    condition     = aws_appautoscaling_scheduled_action.web["comeback"].timezone == "Asia/Seoul" && tonumber(aws_appautoscaling_scheduled_action.web["comeback"].scalable_target_action[0].min_capacity) == 20
    error_message = "A comeback's tasks are there before it."
  }
}

run "overlapping_steps_are_refused" {
  command = plan
  variables {
    surge = [{ from = 60, percent = 10 }, { from = 60, percent = 20 }]
  }
  expect_failures = [var.surge]
}

run "an_alarm_finer_than_its_metric_is_refused" {
  command = plan
  variables {
    surge_metric = { period = 10 }
  }
  expect_failures = [var.surge_metric]
}

run "a_secret_among_settings_is_refused" {
  command = plan
  variables {
    settings = { LIGHTSTICK_S3_SECRET_KEY = "x" }
  }
  expect_failures = [var.settings]
}

run "latest_is_refused" {
  command = plan
  variables {
    image = "fans:latest"
  }
  expect_failures = [var.image]
}
