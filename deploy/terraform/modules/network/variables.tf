variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "2 to 20 small letters, digits and dashes: load balancers take 32 characters in all."
  }
}

variable "region" {
  description = "AWS region, such as ap-northeast-2."
  type        = string
}

variable "zones" {
  description = "Letters of the region's availability zones to use."
  type        = list(string)
  default     = ["a", "b", "c"]
  validation {
    condition     = length(distinct(var.zones)) == length(var.zones) && length(var.zones) >= 2 && length(var.zones) <= 4
    error_message = "Two to four different zones: with one, a zone's failure is the site's."
  }
}

variable "cidr" {
  description = "The VPC's network, a /16. Environments that may ever be joined need different ones."
  type        = string
  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16")
    error_message = "An IPv4 network with /16, such as 10.10.0.0/16."
  }
}

variable "nat" {
  description = "one: a single NAT gateway (cheap; its zone's failure cuts outgoing calls). zone: one in each zone."
  type        = string
  default     = "zone"
  validation {
    condition     = contains(["one", "zone"], var.nat)
    error_message = "one or zone."
  }
}

variable "endpoints" {
  description = "AWS services reached without leaving the VPC, besides S3, whose endpoint is free. Each costs per zone and hour; without one its traffic takes the NAT."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
}

variable "flow_log_days" {
  description = "How long records of connections are kept."
  type        = number
  default     = 30
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.flow_log_days)
    error_message = "A retention that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365 days."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow log."
  type        = string
}
