variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "environment" {
  description = "Value of the tag Environment, by which costs are told apart."
  type        = string
}

variable "monthly" {
  description = "Budget a month, in US dollars."
  type        = number
  validation {
    condition     = var.monthly > 0
    error_message = "More than 0."
  }
}

variable "emails" {
  description = "Who is told."
  type        = set(string)
  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10 && alltrue([for e in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", e))])
    error_message = "One to ten addresses: a budget that nobody hears of is none."
  }
}

variable "anomaly" {
  description = "Dollars above the expected from which an anomaly is told, once a day."
  type        = number
  default     = 20
  validation {
    condition     = var.anomaly > 0
    error_message = "More than 0."
  }
}

variable "required_tags" {
  description = "Tags that every resource must have; AWS Config tells of those without. At most six."
  type        = list(string)
  default     = ["Project", "Environment", "Owner"]
  validation {
    condition     = length(var.required_tags) >= 1 && length(var.required_tags) <= 6
    error_message = "One to six."
  }
}

variable "config_recorder" {
  description = "The account records its configuration with AWS Config, so the rule about tags can work."
  type        = bool
  default     = false
}

variable "activate_tags" {
  description = "Make the tags known to the bill. Only the paying account may, and only after resources carry them."
  type        = bool
  default     = false
}
