variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "kms_key_arn" {
  description = "The environment's key."
  type        = string
}

variable "vpc" {
  description = "The VPC, its network, and its public and application subnets by zone."
  type        = object({ id = string, cidr = string, public_subnets = map(string), app_subnets = map(string) })
}

variable "cluster" {
  description = "Name of the ECS cluster whose tasks sessions go to."
  type        = string
}

variable "database_resource_id" {
  description = "The database cluster's id in the ARNs of its IAM users."
  type        = string
}

variable "database_user" {
  description = "The database's user that developers are: made in the database with GRANT rds_iam."
  type        = string
  default     = "developer"
}

variable "port_forwarding" {
  description = "Let developers forward a port of theirs to the database through a task: the usual way in, for dev. It needs no open port and no key."
  type        = bool
  default     = false
}

variable "session_preferences" {
  description = "Manage the account's preferences for sessions. An account has one set of them in a region: one environment sets it."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "How long records of sessions are kept."
  type        = number
  default     = 365
  validation {
    condition     = contains([30, 60, 90, 180, 365, 400, 731], var.log_days)
    error_message = "30, 60, 90, 180, 365, 400 or 731."
  }
}

variable "vpn" {
  description = <<-E
    none: sessions are enough. openvpn: a server of one's own for those who need the whole network,
    found by host_name in zone_id. client: AWS Client VPN, with certificates in ACM and a SAML provider.
  E
  type = object({
    kind                   = optional(string, "none")
    host_name              = optional(string)
    zone_id                = optional(string)
    from                   = optional(set(string), ["0.0.0.0/0"])
    network                = optional(string, "10.99.0.0/22")
    instance_type          = optional(string, "t4g.small")
    server_certificate_arn = optional(string)
    saml_provider_arn      = optional(string)
  })
  default = {}
  validation {
    condition     = contains(["none", "openvpn", "client"], var.vpn.kind)
    error_message = "none, openvpn or client."
  }
  validation {
    condition     = var.vpn.kind != "openvpn" || (var.vpn.zone_id != null && can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.vpn.host_name)))
    error_message = "An OpenVPN server needs the zone and a host name in it, never an address: profiles name it for good."
  }
  validation {
    condition     = var.vpn.kind != "client" || (var.vpn.server_certificate_arn != null && var.vpn.saml_provider_arn != null)
    error_message = "Client VPN needs a certificate and a SAML provider."
  }
  validation {
    condition     = can(cidrnetmask(var.vpn.network)) && tonumber(split("/", var.vpn.network)[1]) >= 16 && tonumber(split("/", var.vpn.network)[1]) <= 22
    error_message = "The clients' network is IPv4, from /16 to /22."
  }
}
