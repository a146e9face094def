# Aurora PostgreSQL: a writer and readers over the zones, reached with TLS from the named groups only.

locals {
  serverless = var.instance_class == "db.serverless"
  # The writer first. Who takes over is decided by the tier: the first reader, which for that reason
  # is as large as the writer (tier 0 and 1 follow its size); the others grow and shrink alone.
  instances = { for i in range(var.readers + 1) : tostring(i) => min(i, 15) }
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Subnets of the database"
  subnet_ids  = values(var.subnets)
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-data"
  description = "PostgreSQL from the named groups"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-data" }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each                     = var.clients
  security_group_id            = aws_security_group.this.id
  description                  = each.key
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_rds_cluster_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "aurora-postgresql${var.engine_version}"
  description = "TLS for everybody, slow statements in the log"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }
  parameter {
    name  = "log_lock_waits"
    value = "1"
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_rds_cluster" "this" {
  cluster_identifier = var.name
  engine             = "aurora-postgresql"
  engine_mode        = "provisioned" # serverless v2 is an instance class of this mode
  engine_version     = var.engine_version
  database_name      = "lightstick"
  master_username    = "lightstick"
  # Zones come from the subnets. Named here they would replace the cluster, since Aurora always takes three.
  db_subnet_group_name            = aws_db_subnet_group.this.name
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name
  vpc_security_group_ids          = [aws_security_group.this.id]

  manage_master_user_password         = true # made, kept and rotated by RDS: no plan or state has it
  master_user_secret_kms_key_id       = var.kms_key_arn
  iam_database_authentication_enabled = true

  storage_encrypted               = true
  kms_key_id                      = var.kms_key_arn
  backup_retention_period         = var.backup_days
  preferred_backup_window         = "18:00-19:00" # 3 in the morning in Seoul
  preferred_maintenance_window    = "mon:19:00-mon:20:00"
  copy_tags_to_snapshot           = true
  deletion_protection             = var.deletion_protection
  delete_automated_backups        = false
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${var.name}-final"
  enabled_cloudwatch_logs_exports = ["postgresql"]
  apply_immediately               = false

  dynamic "serverlessv2_scaling_configuration" {
    for_each = local.serverless ? [var.serverless] : []
    content {
      min_capacity = serverlessv2_scaling_configuration.value.min
      max_capacity = serverlessv2_scaling_configuration.value.max
    }
  }

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [availability_zones, snapshot_identifier] # a restored cluster keeps its origin
  }
}

resource "aws_rds_cluster_instance" "this" {
  for_each                        = local.instances
  identifier                      = "${var.name}-${each.key}"
  cluster_identifier              = aws_rds_cluster.this.id
  engine                          = aws_rds_cluster.this.engine
  instance_class                  = var.instance_class
  promotion_tier                  = each.value
  publicly_accessible             = false
  auto_minor_version_upgrade      = true
  copy_tags_to_snapshot           = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn
  ca_cert_identifier              = "rds-ca-rsa2048-g1"
}

resource "aws_appautoscaling_target" "readers" {
  count              = var.readers_max > var.readers ? 1 : 0
  service_namespace  = "rds"
  scalable_dimension = "rds:cluster:ReadReplicaCount"
  resource_id        = "cluster:${aws_rds_cluster.this.cluster_identifier}"
  min_capacity       = var.readers
  max_capacity       = var.readers_max
}

resource "aws_appautoscaling_policy" "readers" {
  count              = length(aws_appautoscaling_target.readers)
  name               = "${var.name}-readers-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.readers[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.readers[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.readers[0].resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = var.reader_cpu
    scale_in_cooldown  = 1800 # a reader is dear to make: it stays for the second wave
    scale_out_cooldown = 300
    predefined_metric_specification {
      predefined_metric_type = "RDSReaderAverageCPUUtilization"
    }
  }
}
