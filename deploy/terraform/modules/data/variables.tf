variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnets" {
  description = "Subnets without a way out, by zone."
  type        = map(string)
  validation {
    condition     = length(var.subnets) >= 2
    error_message = "Aurora wants subnets in two zones or more."
  }
}

variable "clients" {
  description = "Security groups that may reach the database, by a name for each."
  type        = map(string)
}

variable "kms_key_arn" {
  description = "Key for storage, backups, Performance Insights and secrets. Another one means another cluster: it stays."
  type        = string
}

variable "engine_version" {
  description = "Major version of PostgreSQL; Aurora chooses the minor one and patches it in the maintenance window."
  type        = string
  default     = "17"
  validation {
    condition     = can(regex("^1[5-9]$", var.engine_version))
    error_message = "A major version from 15 to 19, without the minor one: naming that would make each patch a difference."
  }
}

variable "instance_class" {
  description = "db.serverless, or a provisioned class such as db.r8g.large."
  type        = string
  default     = "db.serverless"
  validation {
    condition     = can(regex("^db\\.[a-z0-9]+(\\.[a-z0-9]+)?$", var.instance_class))
    error_message = "A class such as db.serverless or db.r8g.large."
  }
}

variable "serverless" {
  description = "Least and most capacity units (2 GiB each) of an instance when it is serverless. min 0 lets it sleep when no task runs, since tasks keep a connection each; the first one then waits about 15 s."
  type        = object({ min = number, max = number })
  default     = { min = 0.5, max = 4 }
  validation {
    condition     = var.serverless.min >= 0 && var.serverless.max <= 256 && var.serverless.min <= var.serverless.max && var.serverless.max >= 1 && floor(var.serverless.min * 2) == var.serverless.min * 2 && floor(var.serverless.max * 2) == var.serverless.max * 2
    error_message = "From 0 to 256 in steps of 0.5, max at least 1, min not above max."
  }
}

variable "readers" {
  description = "Fixed readers besides the writer. A reader that autoscaling adds takes minutes, so a surge needs one that is there."
  type        = number
  default     = 1
  validation {
    condition     = var.readers >= 0 && var.readers <= 14 && floor(var.readers) == var.readers
    error_message = "0 to 14."
  }
}

variable "readers_max" {
  description = "Most readers, the fixed ones included. The same as readers: no autoscaling."
  type        = number
  default     = 1
  validation {
    condition     = var.readers_max >= var.readers && var.readers_max <= 15
    error_message = "At least as many as the fixed readers, at most 15."
  }
}

variable "reader_cpu" {
  description = "Percent of the readers' CPU, on average, that autoscaling holds."
  type        = number
  default     = 50
  validation {
    condition     = var.reader_cpu >= 10 && var.reader_cpu <= 80
    error_message = "10 to 80."
  }
}

variable "backup_days" {
  description = "Days to which the database can be brought back, to the second."
  type        = number
  default     = 14
  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "1 to 35."
  }
}

variable "deletion_protection" {
  description = "Let AWS refuse to delete the cluster. prevent_destroy stands in any case."
  type        = bool
  default     = true
}

variable "password_days" {
  description = "At the latest after so many days RDS changes the password by itself. The roll-out of compute does it earlier and restarts the tasks with the new one."
  type        = number
  default     = 365
  validation {
    condition     = var.password_days >= 1 && var.password_days <= 1000
    error_message = "1 to 1000."
  }
}

variable "secrets" {
  description = "Secrets to hold for the site, name to what it is. They are made empty; their values are put in by hand and never stand in a plan or state."
  type        = map(string)
  default     = {}
}
