variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
  validation {
    condition     = length(var.name) <= 20
    error_message = "At most 20 characters: target groups take 32 in all."
  }
}

variable "environment" {
  description = "Guard-rails of the site: dev, staging or production."
  type        = string
  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "dev, staging or production."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "vpc" {
  description = "The VPC, its network, and subnets without public addresses by zone."
  type        = object({ id = string, cidr = string, subnets = map(string) })
  validation {
    condition     = length(var.vpc.subnets) >= 2
    error_message = "A load balancer needs subnets in two zones or more."
  }
}

variable "kms_key_arn" {
  description = "The environment's key."
  type        = string
}

variable "domain" {
  description = "Name that readers use, such as fans.example."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of the load balancer, in its region, for the domain."
  type        = string
}

variable "image" {
  description = "First image of the site. Later ones are rolled out by delivery; Terraform does not turn them back."
  type        = string
  validation {
    condition     = can(regex("(:[A-Za-z0-9_.-]+|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "An image with a tag or digest; latest says nothing."
  }
}

variable "architecture" {
  description = "ARM64 or X86_64."
  type        = string
  default     = "ARM64"
  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "ARM64 or X86_64."
  }
}

variable "web" {
  description = "Size of a web task (CPU units, MiB), least and most tasks, and bytes of its page cache."
  type        = object({ cpu = number, memory = number, min = number, max = number, page_cache = optional(number, 134217728) })
  validation {
    condition     = var.web.min >= 1 && var.web.max >= var.web.min && var.web.page_cache < var.web.memory * 524288
    error_message = "At least one task, max not below min, and the page cache within half of the memory."
  }
}

variable "worker" {
  description = "Size of a worker task, which runs the background jobs, and least and most of them."
  type        = object({ cpu = number, memory = number, min = number, max = number })
  validation {
    condition     = var.worker.min >= 1 && var.worker.max >= var.worker.min
    error_message = "At least one task: without a worker no mail is sent and no counter moves."
  }
}

variable "spot_weight" {
  description = "Of 100 worker tasks beyond the first, so many on Fargate Spot. Web tasks are never on Spot."
  type        = number
  default     = 0
  validation {
    condition     = var.spot_weight >= 0 && var.spot_weight <= 100
    error_message = "0 to 100."
  }
}

variable "database" {
  description = "Endpoints, name, user and the secret that has the user's password under the key password. ca_file: path in the image of the authorities that signed the database's certificate; null encrypts without checking who answers."
  type = object({
    writer     = string
    reader     = optional(string)
    name       = string
    user       = string
    secret_arn = string
    ca_file    = optional(string)
    pool       = optional(number, 8)
  })
}

variable "media" {
  description = "Bucket for uploads and the origin readers load them from."
  type        = object({ bucket = string, url = string })
}

variable "mail" {
  description = "Sender of mail, and the secret with the mail server's address. Without a secret mail lands in the task's folder: dev only."
  type        = object({ from = string, secret_arn = optional(string) })
}

variable "settings" {
  description = "Further LIGHTSTICK_* variables that are no secrets."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for k in keys(var.settings) : startswith(k, "LIGHTSTICK_") && !can(regex("(?i)(secret|password|smtp|_key)", k))])
    error_message = "Only LIGHTSTICK_* variables, and none that holds a secret: those go into secrets."
  }
}

variable "secrets" {
  description = "Further LIGHTSTICK_* variables that are secrets: name to ARN in Secrets Manager, with :key:: for one value of several."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for k, v in var.secrets : startswith(k, "LIGHTSTICK_") && startswith(v, "arn:")])
    error_message = "LIGHTSTICK_* variables and ARNs."
  }
}

variable "log_group" {
  description = "CloudWatch log group of the tasks."
  type        = object({ name = string, arn = string })
}

variable "exec" {
  description = "Let people open a shell and forward ports through a task (SSM). The agent writes to the root file system, so this makes it writable. Where the records go is in log_group and bucket."
  type = object({
    log_group     = string
    log_group_arn = string
    bucket        = string
    bucket_arn    = string
  })
  default = null
}

variable "prometheus" {
  description = "Managed Prometheus to write the site's metrics to, by a collector beside the web task. null: none."
  type        = object({ workspace_arn = string, remote_write_url = string })
  default     = null
}

variable "collector_image" {
  description = "The collector's image."
  type        = string
  default     = "public.ecr.aws/aws-observability/aws-otel-collector:v0.40.0"
}

variable "requests_per_target" {
  description = "Requests a minute and task that autoscaling holds (rolling deployments; otherwise it holds the CPU)."
  type        = number
  default     = 6000
  validation {
    condition     = var.requests_per_target > 0
    error_message = "More than 0."
  }
}

variable "surge" {
  description = <<-E
    Step scaling: how many percent of tasks to add from which metric value on. Each step reaches to
    the next, the last one to infinity, so no value is without a step.
  E
  type        = list(object({ from = number, percent = number }))
  default     = [{ from = 60, percent = 25 }, { from = 75, percent = 50 }, { from = 85, percent = 100 }]
  validation {
    condition     = length(var.surge) >= 1 && length(var.surge) <= 20 && alltrue([for i in range(1, length(var.surge)) : var.surge[i].from > var.surge[i - 1].from && var.surge[i].percent >= var.surge[i - 1].percent])
    error_message = "One to twenty steps, each from a higher value than the one before and adding at least as much."
  }
  validation {
    condition     = alltrue([for s in var.surge : s.percent > 0 && s.from > 0])
    error_message = "A surge adds tasks: percent and from are above 0."
  }
}

variable "surge_metric" {
  description = <<-E
    What the steps look at: AWS/ECS CPUUtilization each 60 s by default. A metric that is finer (a
    service with high-resolution monitoring, or one of your own) may be looked at each 10, 20 or 30 s.
  E
  type = object({
    namespace  = optional(string, "AWS/ECS")
    name       = optional(string, "CPUUtilization")
    period     = optional(number, 60)
    resolution = optional(number, 60)
    dimensions = optional(map(string))
  })
  default = {}
  validation {
    condition     = contains([10, 20, 30, 60], var.surge_metric.period) && var.surge_metric.period >= var.surge_metric.resolution
    error_message = "10, 20, 30 or 60 s, and not finer than the metric's own resolution: the alarm would miss data most of the time."
  }
}

variable "scheduled" {
  description = "Changes of the web's least and most tasks at known times (comebacks, ticketing): cron(…), at(…) or rate(…), and a time zone."
  type        = map(object({ schedule = string, timezone = optional(string, "Asia/Seoul"), min = number, max = number }))
  default     = {}
  validation {
    condition     = alltrue([for s in values(var.scheduled) : can(regex("^(cron|at|rate)\\(.+\\)$", s.schedule)) && s.min >= 1 && s.max >= s.min])
    error_message = "cron(…), at(…) or rate(…), min at least 1, max not below min."
  }
}

variable "strategy" {
  description = "How a new version comes: ROLLING (circuit breaker and alarms roll back), CANARY (canary_percent first) or BLUE_GREEN. The last two keep the old tasks for bake_minutes."
  type        = string
  default     = "ROLLING"
  validation {
    condition     = contains(["ROLLING", "CANARY", "BLUE_GREEN"], var.strategy)
    error_message = "ROLLING, CANARY or BLUE_GREEN."
  }
}

variable "canary_percent" {
  description = "Share of requests that a canary gets."
  type        = number
  default     = 10
  validation {
    condition     = var.canary_percent >= 1 && var.canary_percent <= 99
    error_message = "1 to 99."
  }
}

variable "bake_minutes" {
  description = "How long a canary runs, and how long the old tasks stay after the change."
  type        = number
  default     = 5
  validation {
    condition     = var.bake_minutes >= 1 && var.bake_minutes <= 1440
    error_message = "1 to 1440."
  }
}

variable "deletion_protection" {
  description = "Let AWS refuse to delete the load balancer."
  type        = bool
  default     = true
}

variable "password_schedule" {
  description = "When the database's password is changed and the tasks are restarted with the new one: cron(…) in UTC."
  type        = string
  default     = "cron(0 19 1 * ? *)"
}
