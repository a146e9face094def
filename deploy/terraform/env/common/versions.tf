terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id] # credentials of another account stop here
  default_tags {
    tags = {
      Project     = "lightstick"
      Environment = var.environment
      Owner       = var.owner
    }
  }
}
