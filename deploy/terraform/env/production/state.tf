# The state of production, and of nothing else. Bucket and key come from bootstrap; the account's number is
# part of the bucket's name, so give it at init: -backend-config=bucket=lightstick-state-ACCOUNT
terraform {
  backend "s3" {
    key          = "production/terraform.tfstate"
    region       = "ap-northeast-2"
    encrypt      = true
    kms_key_id   = "alias/lightstick-state"
    use_lockfile = true
  }
}
