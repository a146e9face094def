mock_provider "aws" {}

variables {
  name          = "fans-test"
  region        = "ap-northeast-2"
  callback_urls = ["https://fans.example/callback"]
  domain_prefix = "fans-test"
}

run "code_with_pkce_and_nothing_else" {
  command = plan
  assert {
    condition     = aws_cognito_user_pool_client.this.allowed_oauth_flows == toset(["code"]) && !aws_cognito_user_pool_client.this.generate_secret
    error_message = "Neither the implicit flow nor a secret that somebody could lose."
  }
  assert {
    condition     = aws_cognito_user_pool_client.this.explicit_auth_flows == toset(["ALLOW_REFRESH_TOKEN_AUTH"]) && aws_cognito_user_pool_client.this.prevent_user_existence_errors == "ENABLED"
    error_message = "No password around Cognito's page, and no telling who exists."
  }
  assert {
    condition     = aws_cognito_user_pool.this.auto_verified_attributes == toset(["email"]) && aws_cognito_user_pool.this.user_attribute_update_settings[0].attributes_require_verification_before_update == toset(["email"])
    error_message = "An address is the member's own before it counts."
  }
  assert {
    condition     = aws_cognito_user_pool.this.software_token_mfa_configuration[0].enabled && aws_cognito_user_pool.this.mfa_configuration == "OPTIONAL" && aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "A second factor is to be had, and the pool stays."
  }
}

run "plain_http_is_refused" {
  command = plan
  variables {
    callback_urls = ["http://fans.example/callback"]
  }
  expect_failures = [var.callback_urls]
}

run "a_reserved_word_is_refused" {
  command = plan
  variables {
    domain_prefix = "my-aws-fans"
  }
  expect_failures = [var.domain_prefix]
}
