variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "region" {
  description = "AWS region of the site."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "kms_key_arn" {
  description = "The environment's key, for logs."
  type        = string
}

variable "log_days" {
  description = "How long the site's log is kept."
  type        = number
  default     = 30
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_days)
    error_message = "A retention that CloudWatch knows."
  }
}

variable "site" {
  description = "What is watched: ECS cluster and services, the load balancer and target group by their names in metrics, the database's cluster, CloudFront's distribution and Route 53's health check."
  type = object({
    cluster      = string
    services     = map(string)
    balancer     = string
    target_group = string
    database     = string
    distribution = string
    health_check = string
  })
}

variable "slo" {
  description = "Promises: share of requests answered without an error of ours, in percent over 30 days, and seconds within which 99 of 100 are answered at the balancer."
  type        = object({ availability = optional(number, 99.9), p99 = optional(number, 1) })
  default     = {}
  validation {
    condition     = var.slo.availability >= 90 && var.slo.availability < 100 && var.slo.p99 > 0
    error_message = "availability from 90 to below 100, p99 above 0."
  }
}

variable "readers_min" {
  description = "Fixed readers of the database; 0 leaves out the alarm about their lag."
  type        = number
  default     = 1
}

variable "emails" {
  description = "Who gets alarms by mail besides the relay."
  type        = set(string)
  default     = []
}

variable "relay" {
  description = "The Lambda function that tells a chat: path of its zip (a binary called bootstrap for arm64), its variables, and the secrets it may read. null: none."
  type = object({
    zip         = string
    environment = optional(map(string), {})
    secret_arns = optional(set(string), [])
  })
  default = null
  validation {
    condition     = var.relay == null || alltrue([for v in values(try(var.relay.environment, {})) : !can(regex("https://hooks\\.", v))])
    error_message = "The chat's address is a secret: put it into Secrets Manager and hand over its ARN."
  }
}

variable "prometheus" {
  description = "A Managed Prometheus workspace for the site's metrics."
  type        = bool
  default     = false
}

variable "prometheus_rules" {
  description = "Rule files for it, by name: their text."
  type        = map(string)
  default     = {}
}

variable "grafana" {
  description = "A Managed Grafana workspace over Prometheus and CloudWatch (needs IAM Identity Center)."
  type        = bool
  default     = false
  validation {
    condition     = !var.grafana || var.prometheus
    error_message = "Grafana shows what Prometheus keeps: turn that on, too."
  }
}
