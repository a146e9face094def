# What runs: the same program three times, as web, as worker, and once by hand to migrate.

locals {
  tls = var.database.ca_file == null ? "sslmode=require" : "sslmode=verify-full&sslrootcert=${var.database.ca_file}"
  dsn = { for role, host in { write = var.database.writer, read = var.database.reader } :
    role => host == null ? "" : "postgres://${var.database.user}@${host}:5432/${var.database.name}?${local.tls}&pool_max_conns=${var.database.pool}"
  }

  settings = merge({
    LIGHTSTICK_ENV             = var.environment
    LIGHTSTICK_LISTEN          = "0.0.0.0:8080"
    LIGHTSTICK_PRIVATE         = "127.0.0.1:9090" # the collector shares the task's loopback
    LIGHTSTICK_BASE_URL        = "https://${var.domain}"
    LIGHTSTICK_DATA            = "/data"
    LIGHTSTICK_DATABASE        = local.dsn.write
    LIGHTSTICK_DATABASE_READ   = local.dsn.read
    LIGHTSTICK_S3_ENDPOINT     = "s3.${var.region}.amazonaws.com"
    LIGHTSTICK_S3_BUCKET       = var.media.bucket
    LIGHTSTICK_S3_REGION       = var.region
    LIGHTSTICK_MEDIA_URL       = var.media.url
    LIGHTSTICK_MAIL_FROM       = var.mail.from
    LIGHTSTICK_TRUSTED_PROXIES = var.vpc.cidr # balancer and CloudFront's interfaces; before them stands the reader
    LIGHTSTICK_DRAIN           = "12s"        # two checks of the balancer and a little
  }, var.settings)

  # The PostgreSQL driver takes the password from PGPASSWORD, so it stands in no address.
  secrets = merge(
    { PGPASSWORD = "${var.database.secret_arn}:password::" },
    var.mail.secret_arn == null ? {} : { LIGHTSTICK_SMTP = var.mail.secret_arn },
    var.secrets,
  )

  roles = {
    web     = { size = var.web, command = ["serve"], settings = { LIGHTSTICK_WORKER = "false", LIGHTSTICK_PAGE_CACHE = tostring(var.web.page_cache) } }
    worker  = { size = var.worker, command = ["serve"], settings = { LIGHTSTICK_WORKER = "true" } }
    migrate = { size = { cpu = 256, memory = 512 }, command = ["migrate"], settings = {} }
  }

  # They live as long as the task; nothing that would be missed is written there. Fargate gives them
  # the owner that the image declares with VOLUME, else root.
  volumes = ["data", "tmp"]

  containers = { for role, r in local.roles : role => {
    name                   = "lightstick"
    image                  = var.image
    essential              = true
    command                = r.command
    portMappings           = role == "web" ? [{ containerPort = 8080, protocol = "tcp", name = "http" }] : []
    environment            = [for k, v in merge(local.settings, r.settings) : { name = k, value = v } if v != ""]
    secrets                = [for k, v in local.secrets : { name = k, valueFrom = v }]
    readonlyRootFilesystem = var.exec == null
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    mountPoints            = [for v in local.volumes : { sourceVolume = v, containerPath = "/${v}", readOnly = false }]
    ulimits                = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    stopTimeout            = 60
    # Only whether the process lives: a task that waits for its database must not be restarted for it.
    healthCheck = role == "migrate" ? null : { command = ["CMD", "/lightstick", "healthcheck", "--live"], interval = 10, timeout = 5, retries = 3, startPeriod = 60 }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.log_group.name
        awslogs-region        = var.region
        awslogs-stream-prefix = role
        mode                  = "non-blocking" # a slow CloudWatch must not slow readers
        max-buffer-size       = "25m"
      }
    }
  } }

  collector = var.prometheus == null ? [] : [{
    name         = "collector"
    image        = var.collector_image
    essential    = false
    cpu          = 64
    memory       = 128
    user         = "10001"
    portMappings = []
    environment  = [{ name = "AOT_CONFIG_CONTENT", value = yamlencode(local.collector_config) }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.log_group.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "collector"
        mode                  = "non-blocking"
      }
    }
  }]

  collector_config = {
    extensions = { sigv4auth = { region = var.region, service = "aps" } }
    receivers = { prometheus = { config = { scrape_configs = [
      { job_name = "lightstick", scrape_interval = "15s", static_configs = [{ targets = ["127.0.0.1:9090"], labels = { environment = var.environment } }] },
    ] } } }
    processors = { resourcedetection = { detectors = ["ecs"] }, batch = {} }
    exporters = { prometheusremotewrite = {
      endpoint                         = try(var.prometheus.remote_write_url, "")
      auth                             = { authenticator = "sigv4auth" }
      resource_to_telemetry_conversion = { enabled = true }
    } }
    service = {
      extensions = ["sigv4auth"]
      pipelines  = { metrics = { receivers = ["prometheus"], processors = ["resourcedetection", "batch"], exporters = ["prometheusremotewrite"] } }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = local.roles
  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.size.cpu
  memory                   = each.value.size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode(concat([local.containers[each.key]], each.key == "migrate" ? [] : local.collector))
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }
  dynamic "volume" {
    for_each = toset(local.volumes)
    content {
      name = volume.value
    }
  }
  skip_destroy = true # a roll back needs the old revision
}
