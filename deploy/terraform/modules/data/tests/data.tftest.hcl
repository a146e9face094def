mock_provider "aws" {
  mock_resource "aws_rds_cluster" {
    defaults = {
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds-1", kms_key_id = "k", secret_status = "active" }]
    }
  }
}

variables {
  name        = "fans-test"
  vpc_id      = "vpc-1"
  subnets     = { a = "subnet-a", b = "subnet-b", c = "subnet-c" }
  clients     = { web = "sg-web" }
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
}

run "safe_by_default" {
  command = plan
  assert {
    condition     = aws_rds_cluster.this.storage_encrypted && aws_rds_cluster.this.kms_key_id == var.kms_key_arn && aws_rds_cluster.this.master_user_secret_kms_key_id == var.kms_key_arn
    error_message = "Storage and password are encrypted with the environment's key."
  }
  assert {
    condition     = aws_rds_cluster.this.deletion_protection && !aws_rds_cluster.this.skip_final_snapshot && aws_rds_cluster.this.backup_retention_period == 14
    error_message = "Nobody deletes the database in passing, and it can be brought back."
  }
  assert {
    condition     = aws_rds_cluster.this.manage_master_user_password && aws_rds_cluster.this.master_password == null && aws_rds_cluster.this.iam_database_authentication_enabled
    error_message = "The password is RDS's own matter; people use IAM."
  }
  assert {
    condition     = contains([for p in aws_rds_cluster_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1")
    error_message = "TLS is forced."
  }
  assert {
    condition     = alltrue([for i in aws_rds_cluster_instance.this : !i.publicly_accessible && i.performance_insights_enabled])
    error_message = "No instance has a public address; each has Performance Insights."
  }
  assert {
    condition     = [for r in aws_vpc_security_group_ingress_rule.clients : "${r.referenced_security_group_id}:${r.from_port}-${r.to_port}"] == ["sg-web:5432-5432"]
    error_message = "Only the named groups reach PostgreSQL."
  }
}

run "serverless_with_a_reader" {
  command = plan
  assert {
    condition     = length(aws_rds_cluster_instance.this) == 2 && aws_rds_cluster_instance.this["1"].promotion_tier == 1
    error_message = "The first reader is as large as the writer, to take over."
  }
  assert {
    condition     = aws_rds_cluster.this.serverlessv2_scaling_configuration[0].min_capacity == 0.5
    error_message = "Serverless bounds are set."
  }
  assert {
    condition     = length(aws_appautoscaling_policy.readers) == 0
    error_message = "readers_max equal to readers: nothing scales."
  }
}

run "provisioned_with_autoscaling" {
  command = plan
  variables {
    instance_class = "db.r8g.large"
    readers        = 2
    readers_max    = 6
  }
  assert {
    condition     = length(aws_rds_cluster.this.serverlessv2_scaling_configuration) == 0 && alltrue([for i in aws_rds_cluster_instance.this : i.instance_class == "db.r8g.large"])
    error_message = "Provisioned instances have no serverless bounds."
  }
  assert {
    condition     = aws_appautoscaling_target.readers[0].min_capacity == 2 && aws_appautoscaling_target.readers[0].max_capacity == 6 && aws_appautoscaling_policy.readers[0].policy_type == "TargetTrackingScaling"
    error_message = "Readers scale between the fixed ones and the most."
  }
}

run "secrets_are_made_empty" {
  command = plan
  variables {
    secrets = { smtp = "Address of the mail server, with its password" }
  }
  assert {
    condition     = aws_secretsmanager_secret.this["smtp"].name == "fans-test/smtp" && aws_secretsmanager_secret.this["smtp"].kms_key_id == var.kms_key_arn
    error_message = "A secret has its environment's name and key."
  }
}

run "odd_capacity_is_refused" {
  command = plan
  variables {
    serverless = { min = 0.7, max = 4 }
  }
  expect_failures = [var.serverless]
}

run "fewer_readers_at_most_than_fixed_is_refused" {
  command = plan
  variables {
    readers     = 3
    readers_max = 2
  }
  expect_failures = [var.readers_max]
}

run "a_minor_version_is_refused" {
  command = plan
  variables {
    engine_version = "16.4"
  }
  expect_failures = [var.engine_version]
}
