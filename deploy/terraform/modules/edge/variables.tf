variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "account_id" {
  description = "AWS account; part of the buckets' names, which are everybody's."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Twelve digits."
  }
}

variable "region" {
  description = "Region of the origin, and of CloudFront's shield before it."
  type        = string
}

variable "domain" {
  description = "Name that readers use; the zone of the same name is made here. Uploads come from media.DOMAIN."
  type        = string
  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "A domain name in small letters, such as fans.example."
  }
}

variable "origin" {
  description = "The internal load balancer: ARN."
  type        = object({ arn = string })
}

variable "timeouts" {
  description = "Seconds until a connection to the origin, a page, and an answer to a member's own request are given up. A page that hangs is answered from an older copy only after this time."
  type        = object({ connect = optional(number, 2), page = optional(number, 3), own = optional(number, 30) })
  default     = {}
  validation {
    condition     = var.timeouts.connect >= 1 && var.timeouts.connect <= 10 && var.timeouts.page >= 1 && var.timeouts.page <= 5 && var.timeouts.own >= 10 && var.timeouts.own <= 60
    error_message = "connect 1 to 10, page 1 to 5 (it is what a reader waits for an older copy), own 10 to 60."
  }
}

variable "error_ttl" {
  description = "Seconds that CloudFront keeps an error: 0 or 1, so that the end of a fault is seen at once."
  type        = number
  default     = 1
  validation {
    condition     = contains([0, 1], var.error_ttl)
    error_message = "0 or 1."
  }
}

variable "failover_codes" {
  description = "Answers of the origin to a page after which the snapshot is asked. Not 503: with it the site sheds load, and its readers have a copy at the edge."
  type        = set(number)
  default     = [500, 502, 504]
  validation {
    condition     = length(var.failover_codes) > 0 && length(setsubtract(var.failover_codes, [500, 502, 504])) == 0
    error_message = "Some of 500, 502, 504."
  }
}

variable "price_class" {
  description = "CloudFront's places: PriceClass_All, PriceClass_200 (without South America and Oceania) or PriceClass_100 (without Asia)."
  type        = string
  default     = "PriceClass_All"
  validation {
    condition     = contains(["PriceClass_All", "PriceClass_200", "PriceClass_100"], var.price_class)
    error_message = "PriceClass_All, PriceClass_200 or PriceClass_100."
  }
}

variable "waf_count_only" {
  description = "Count what the firewall would refuse, and refuse nothing: for the first weeks, and after a change of rules."
  type        = bool
  default     = true
}

variable "waf_bot_control" {
  description = "Look at bots as well (costs per request)."
  type        = bool
  default     = false
}

variable "waf_text_rules" {
  description = "Rules of the managed groups that read bodies and only count, ever: fans write about anything, and the site looks at each field of a form itself."
  type        = map(set(string))
  default = {
    AWSManagedRulesCommonRuleSet = ["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "EC2MetaDataSSRF_BODY"]
    AWSManagedRulesSQLiRuleSet   = ["SQLi_BODY", "SQLiExtendedPatterns_BODY"]
  }
}

variable "waf_rates" {
  description = "Most requests of one address within the window (60, 120, 300 or 600 s), by a name: of all paths, or of those that match a regular expression, with the methods that count. A concert hall stands behind one address."
  type = map(object({
    priority = number
    limit    = number
    window   = optional(number, 60)
    path     = optional(string)
    methods  = optional(set(string))
  }))
  default = {
    sign-in = { priority = 20, limit = 150, window = 600, path = "^/(me/[^/]+/(sign-in|sign-up|reset|verify)|api/v1/(sessions|members))", methods = ["POST"] }
    writes  = { priority = 21, limit = 6000, path = "^/(me|admin|api)/", methods = ["POST", "PUT", "PATCH", "DELETE"] }
    search  = { priority = 22, limit = 3000, path = "/search" }
    all     = { priority = 23, limit = 60000 }
  }
  validation {
    condition     = alltrue([for r in values(var.waf_rates) : contains([60, 120, 300, 600], r.window) && r.limit >= 10 && r.priority >= 20 && r.priority < 40])
    error_message = "Windows of 60, 120, 300 or 600 s, limits from 10, priorities 20 to 39."
  }
  validation {
    condition     = length(distinct([for r in values(var.waf_rates) : r.priority])) == length(var.waf_rates)
    error_message = "Each rule needs a priority of its own."
  }
  validation {
    condition     = alltrue([for r in values(var.waf_rates) : r.methods == null || r.path != null])
    error_message = "Methods go with a path."
  }
}

variable "routing" {
  description = <<-E
    How the domain is answered. simple: CloudFront. failover: CloudFront while it answers, else the one
    other place. latency: whichever place is nearest, CloudFront standing for the origin's region.
    Other places (another edge, a POP) are alias targets: name, hosted zone id and, for latency, region.
  E
  type = object({
    policy = optional(string, "simple")
    others = optional(map(object({ dns_name = string, zone_id = string, region = optional(string) })), {})
  })
  default = {}
  validation {
    condition     = contains(["simple", "failover", "latency"], var.routing.policy)
    error_message = "simple, failover or latency."
  }
  validation {
    condition     = var.routing.policy == "simple" ? length(var.routing.others) == 0 : var.routing.policy == "failover" ? length(var.routing.others) == 1 : length(var.routing.others) >= 1 && alltrue([for o in values(var.routing.others) : o.region != null])
    error_message = "simple has no other place, failover exactly one, latency at least one and all with a region."
  }
}

variable "log_days" {
  description = "How long records of requests are kept."
  type        = number
  default     = 30
  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "7, 14, 30, 60, 90, 180 or 365."
  }
}
