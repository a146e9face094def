# One environment: the modules and what they hand to each other. Nothing is decided here but names.

locals {
  name = "lightstick-${ { dev = "dev", staging = "stg", production = "prd" }[var.environment]}"
  # Secrets that people put in after the first apply.
  secrets = merge(
    { smtp = "Address of the mail server, with its user and password" },
    var.relay_zip == null ? {} : { chat = "Address that the relay posts alarms to" },
  )
}

module "network" {
  source      = "../../modules/network"
  name        = local.name
  region      = var.region
  cidr        = var.cidr
  nat         = var.nat
  endpoints   = var.endpoints
  kms_key_arn = aws_kms_key.this.arn
}

module "edge" {
  source          = "../../modules/edge"
  name            = local.name
  account_id      = var.account_id
  region          = var.region
  domain          = var.domain
  origin          = { arn = module.compute.balancer.arn }
  price_class     = var.price_class
  waf_count_only  = var.waf_count_only
  waf_bot_control = var.waf_bot_control
  routing         = var.routing
  log_days        = var.log_days
}

module "data" {
  source              = "../../modules/data"
  name                = local.name
  vpc_id              = module.network.vpc_id
  subnets             = module.network.data_subnets
  clients             = merge({ tasks = module.compute.task_security_group }, module.access.vpn_groups)
  kms_key_arn         = aws_kms_key.this.arn
  instance_class      = var.database.instance_class
  serverless          = var.database.serverless
  readers             = var.database.readers
  readers_max         = var.database.readers_max
  backup_days         = var.database.backup_days
  deletion_protection = var.deletion_protection
  secrets             = local.secrets
}

module "compute" {
  source              = "../../modules/compute"
  name                = local.name
  environment         = var.environment
  region              = var.region
  account_id          = var.account_id
  vpc                 = { id = module.network.vpc_id, cidr = module.network.cidr, subnets = module.network.app_subnets }
  kms_key_arn         = aws_kms_key.this.arn
  domain              = var.domain
  certificate_arn     = module.edge.origin_certificate_arn
  image               = coalesce(var.image, "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/${local.name}:v0")
  web                 = var.web
  worker              = var.worker
  spot_weight         = var.worker_spot_weight
  scheduled           = var.scheduled
  strategy            = var.strategy
  deletion_protection = var.deletion_protection
  log_group           = module.observe.log_group
  exec                = var.exec ? module.access.sessions : null
  prometheus          = module.observe.prometheus
  media               = { bucket = module.edge.buckets["media"], url = module.edge.media_url }
  mail                = { from = var.mail_from, secret_arn = module.data.secret_arns["smtp"] }
  database = {
    writer     = module.data.writer
    reader     = var.database.readers == 0 ? null : module.data.reader
    name       = module.data.database
    user       = module.data.user
    secret_arn = module.data.password_secret_arn
    ca_file    = var.database_ca_file
  }
}

module "identity" {
  count               = var.sign_in == null ? 0 : 1
  source              = "../../modules/identity"
  name                = local.name
  region              = var.region
  domain_prefix       = var.sign_in.domain_prefix
  callback_urls       = [for p in var.sign_in.callback_paths : "https://${var.domain}${p}"]
  logout_urls         = ["https://${var.domain}/"]
  mfa                 = var.sign_in.mfa
  deletion_protection = var.deletion_protection
}

module "observe" {
  source      = "../../modules/observe"
  name        = local.name
  region      = var.region
  account_id  = var.account_id
  kms_key_arn = aws_kms_key.this.arn
  log_days    = var.log_days
  slo         = var.slo
  readers_min = var.database.readers
  emails      = var.emails
  relay = var.relay_zip == null ? null : {
    zip         = var.relay_zip
    environment = { LIGHTSTICK_CHAT_SECRET_ARN = module.data.secret_arns["chat"], LIGHTSTICK_ENV = var.environment }
    secret_arns = [module.data.secret_arns["chat"]]
  }
  prometheus       = var.prometheus
  prometheus_rules = { for name, path in var.prometheus_rules : name => file(path) }
  grafana          = var.grafana
  site = {
    cluster      = module.compute.cluster.name
    services     = module.compute.services
    balancer     = module.compute.balancer.suffix
    target_group = module.compute.target_group_suffix
    database     = module.data.cluster_id
    distribution = module.edge.distribution.id
    health_check = module.edge.health_check_id
  }
}

module "access" {
  source               = "../../modules/access"
  name                 = local.name
  region               = var.region
  account_id           = var.account_id
  kms_key_arn          = aws_kms_key.this.arn
  vpc                  = { id = module.network.vpc_id, cidr = module.network.cidr, public_subnets = module.network.public_subnets, app_subnets = module.network.app_subnets }
  cluster              = local.name
  database_resource_id = module.data.resource_id
  port_forwarding      = var.exec
  session_preferences  = var.session_preferences
  vpn                  = merge(var.vpn, { host_name = "vpn.${var.domain}", zone_id = module.edge.zone_id })
}

module "delivery" {
  source            = "../../modules/delivery"
  name              = local.name
  environment       = var.environment
  region            = var.region
  account_id        = var.account_id
  kms_key_arn       = aws_kms_key.this.arn
  repository        = var.repository
  oidc_provider_arn = var.oidc_provider_arn
  images            = { arn = module.compute.repository.arn }
  ecs = {
    cluster  = module.compute.cluster.name
    services = module.compute.services
    families = module.compute.task_families
    roles    = module.compute.task_roles
  }
  assets   = { bucket = module.edge.buckets["assets"], distribution_arn = module.edge.distribution.arn, distribution_id = module.edge.distribution.id }
  pipeline = var.pipeline_connection_arn == null ? null : { connection_arn = var.pipeline_connection_arn }
}

module "cost" {
  source          = "../../modules/cost"
  name            = local.name
  environment     = var.environment
  monthly         = var.budget
  emails          = var.emails
  config_recorder = var.config_recorder
}
