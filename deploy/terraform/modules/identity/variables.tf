variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "callback_urls" {
  description = "Where the site takes members back after they signed in. https only."
  type        = set(string)
  validation {
    condition     = length(var.callback_urls) > 0 && alltrue([for u in var.callback_urls : startswith(u, "https://")])
    error_message = "At least one address, all with https://."
  }
}

variable "logout_urls" {
  description = "Where members may be sent after they signed out."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for u in var.logout_urls : startswith(u, "https://")])
    error_message = "All with https://."
  }
}

variable "domain_prefix" {
  description = "First part of the sign-in pages' name under amazoncognito.com; it is everybody's, so it must be free."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.domain_prefix)) && !can(regex("aws|amazon|cognito", var.domain_prefix))
    error_message = "3 to 63 small letters, digits and dashes, without aws, amazon or cognito."
  }
}

variable "mfa" {
  description = "A second factor by app: OPTIONAL or ON."
  type        = string
  default     = "OPTIONAL"
  validation {
    condition     = contains(["OPTIONAL", "ON"], var.mfa)
    error_message = "OPTIONAL or ON."
  }
}

variable "tier" {
  description = "Cognito's feature plan: LITE, ESSENTIALS, or PLUS, which also looks for stolen passwords."
  type        = string
  default     = "ESSENTIALS"
  validation {
    condition     = contains(["LITE", "ESSENTIALS", "PLUS"], var.tier)
    error_message = "LITE, ESSENTIALS or PLUS."
  }
}

variable "deletion_protection" {
  description = "Let AWS refuse to delete the pool. prevent_destroy stands in any case."
  type        = bool
  default     = true
}
