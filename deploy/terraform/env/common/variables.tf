# What an environment is told. Where and who:

variable "environment" {
  description = "dev, staging or production."
  type        = string
  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "dev, staging or production."
  }
}

variable "account_id" {
  description = "AWS account of the environment, its own if possible."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Twelve digits."
  }
}

variable "region" {
  description = "AWS region of the origin."
  type        = string
  default     = "ap-northeast-2"
}

variable "owner" {
  description = "Value of the tag Owner: who is asked about it."
  type        = string
}

variable "emails" {
  description = "Who hears of alarms and costs."
  type        = set(string)
}

variable "domain" {
  description = "Name that readers use. Its zone is made here: enter its name servers at the parent once."
  type        = string
}

variable "mail_from" {
  description = "Sender of mail."
  type        = string
}

variable "repository" {
  description = "Repository at GitHub that delivers here: organisation/name."
  type        = string
}

variable "image" {
  description = "First image; null takes the tag v0 of the environment's own repository."
  type        = string
  default     = null
}

# Network:

variable "cidr" {
  description = "The VPC's /16, another one in each environment."
  type        = string
}

variable "nat" {
  description = "one or zone."
  type        = string
}

variable "endpoints" {
  description = "AWS services that are reached without NAT, besides S3."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
}

# Sizes:

variable "web" {
  description = "Web tasks: cpu, memory, min, max, page_cache."
  type        = object({ cpu = number, memory = number, min = number, max = number, page_cache = optional(number, 134217728) })
}

variable "worker" {
  description = "Worker tasks: cpu, memory, min, max."
  type        = object({ cpu = number, memory = number, min = number, max = number })
}

variable "worker_spot_weight" {
  description = "Percent of the workers beyond the first on Spot."
  type        = number
  default     = 0
}

variable "database" {
  description = "Aurora: class, capacity units when serverless, fixed readers and most readers, days of backups."
  type = object({
    instance_class = string
    serverless     = optional(object({ min = number, max = number }), { min = 0.5, max = 4 })
    readers        = number
    readers_max    = number
    backup_days    = number
  })
}

variable "scheduled" {
  description = "Known rushes: see compute's scheduled."
  type        = map(object({ schedule = string, timezone = optional(string, "Asia/Seoul"), min = number, max = number }))
  default     = {}
}

variable "strategy" {
  description = "ROLLING, CANARY or BLUE_GREEN."
  type        = string
  default     = "ROLLING"
}

variable "price_class" {
  description = "CloudFront's places."
  type        = string
  default     = "PriceClass_All"
}

variable "log_days" {
  description = "How long logs are kept: 7, 14, 30, 60, 90, 180 or 365 days."
  type        = number
}

# Guards and ways in:

variable "deletion_protection" {
  description = "Let AWS refuse to delete database, balancer and user pool."
  type        = bool
  default     = true
}

variable "waf_count_only" {
  description = "The firewall counts and refuses nothing."
  type        = bool
}

variable "waf_bot_control" {
  description = "The firewall looks at bots."
  type        = bool
  default     = false
}

variable "exec" {
  description = "People may open sessions in tasks and forward ports to the database."
  type        = bool
}

variable "vpn" {
  description = "none, openvpn or client: see access's vpn."
  type = object({
    kind                   = optional(string, "none")
    server_certificate_arn = optional(string)
    saml_provider_arn      = optional(string)
  })
  default = {}
}

variable "routing" {
  description = "How the domain is answered: see edge's routing."
  type = object({
    policy = optional(string, "simple")
    others = optional(map(object({ dns_name = string, zone_id = string, region = optional(string) })), {})
  })
  default = {}
}

variable "database_ca_file" {
  description = "Path in the image of the authorities that sign Aurora's certificates; null encrypts without checking who answers."
  type        = string
  default     = null
}

# Extras:

variable "sign_in" {
  description = "A Cognito pool as one of the site's providers: prefix of its host name, and paths that members come back to. null: none."
  type        = object({ domain_prefix = string, callback_paths = set(string), mfa = optional(string, "OPTIONAL") })
  default     = null
}

variable "relay_zip" {
  description = "Zip with the relay's binary, called bootstrap, for arm64. null: alarms go by mail only."
  type        = string
  default     = null
}

variable "prometheus" {
  description = "Managed Prometheus, written to by a collector beside each task."
  type        = bool
  default     = false
}

variable "prometheus_rules" {
  description = "Rule files for it: name to path."
  type        = map(string)
  default     = {}
}

variable "grafana" {
  description = "Managed Grafana."
  type        = bool
  default     = false
}

variable "slo" {
  description = "Promises that alarms follow: availability in percent, p99 in seconds."
  type        = object({ availability = optional(number, 99.9), p99 = optional(number, 1) })
  default     = {}
}

variable "oidc_provider_arn" {
  description = "GitHub's provider, where another environment of the same account has made it."
  type        = string
  default     = null
}

variable "pipeline_connection_arn" {
  description = "CodeConnections' link to the repository: turns on the pipeline for assets."
  type        = string
  default     = null
}

variable "session_preferences" {
  description = "This environment sets the account's preferences for sessions."
  type        = bool
  default     = true
}

variable "budget" {
  description = "Dollars a month."
  type        = number
}

variable "config_recorder" {
  description = "The account records its configuration with AWS Config."
  type        = bool
  default     = false
}
