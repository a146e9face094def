variable "name" {
  description = "Prefix of all names, such as lightstick-dev."
  type        = string
}

variable "environment" {
  description = "Environment at GitHub whose jobs may deploy here: its protection rules decide who and when."
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

variable "repository" {
  description = "Repository at GitHub: organisation/name."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "organisation/name."
  }
}

variable "oidc_provider_arn" {
  description = "GitHub's provider in this account, where it is there already: an account has one at most. null makes it."
  type        = string
  default     = null
}

variable "images" {
  description = "The image repository."
  type        = object({ arn = string })
}

variable "ecs" {
  description = "Cluster, services and task definition families that may be rolled out, and the roles their tasks get."
  type = object({
    cluster  = string
    services = map(string)
    families = map(string)
    roles    = map(string)
  })
}

variable "assets" {
  description = "Bucket of the assets, and CloudFront's distribution."
  type        = object({ bucket = string, distribution_arn = string, distribution_id = string })
}

variable "pipeline" {
  description = "The other way for assets, without GitHub's machines: CodePipeline starts with a tag and copies what the new version serves. connection_arn: CodeConnections' link to the repository. null: none."
  type        = object({ connection_arn = string, tags = optional(list(string), ["v*"]) })
  default     = null
}
