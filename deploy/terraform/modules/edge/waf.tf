# The firewall at the edge: Amazon's lists, and limits by address. It is the coarse one; the site's
# own knows each field of each form.

locals {
  managed = merge({
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 11
    AWSManagedRulesCommonRuleSet          = 12
    AWSManagedRulesSQLiRuleSet            = 13
  }, var.waf_bot_control ? { AWSManagedRulesBotControlRuleSet = 14 } : {})
}

resource "aws_wafv2_web_acl" "this" {
  region      = "us-east-1" # CloudFront's
  name        = var.name
  description = "Before ${var.domain}"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.managed
    content {
      name     = rule.key
      priority = rule.value
      override_action {
        dynamic "count" {
          for_each = var.waf_count_only ? [true] : []
          content {}
        }
        dynamic "none" {
          for_each = var.waf_count_only ? [] : [true]
          content {}
        }
      }
      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key
          dynamic "rule_action_override" {
            for_each = lookup(var.waf_text_rules, rule.key, [])
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = true
      }
    }
  }

  dynamic "rule" {
    for_each = var.waf_rates
    content {
      name     = "rate-${rule.key}"
      priority = rule.value.priority
      action {
        dynamic "count" {
          for_each = var.waf_count_only ? [true] : []
          content {}
        }
        dynamic "block" {
          for_each = var.waf_count_only ? [] : [true]
          content {
            custom_response {
              response_code = 429
              response_header {
                name  = "Retry-After"
                value = tostring(rule.value.window)
              }
            }
          }
        }
      }
      statement {
        rate_based_statement {
          limit                 = rule.value.limit
          evaluation_window_sec = rule.value.window
          aggregate_key_type    = "IP"
          dynamic "scope_down_statement" {
            for_each = rule.value.path == null ? [] : [rule.value]
            content {
              dynamic "regex_match_statement" {
                for_each = scope_down_statement.value.methods == null ? [scope_down_statement.value.path] : []
                content {
                  regex_string = regex_match_statement.value
                  field_to_match {
                    uri_path {}
                  }
                  text_transformation {
                    priority = 0
                    type     = "NORMALIZE_PATH"
                  }
                }
              }
              dynamic "and_statement" {
                for_each = scope_down_statement.value.methods == null ? [] : [scope_down_statement.value]
                content {
                  statement {
                    regex_match_statement {
                      regex_string = and_statement.value.path
                      field_to_match {
                        uri_path {}
                      }
                      text_transformation {
                        priority = 0
                        type     = "NORMALIZE_PATH"
                      }
                    }
                  }
                  statement {
                    regex_match_statement {
                      regex_string = "^(${join("|", and_statement.value.methods)})$"
                      field_to_match {
                        method {}
                      }
                      text_transformation {
                        priority = 0
                        type     = "NONE"
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "rate-${rule.key}"
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = true
  }
}

resource "aws_cloudwatch_log_group" "waf" {
  region            = "us-east-1"
  name              = "aws-waf-logs-${var.name}" # WAF writes to no other names
  retention_in_days = var.log_days
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  region                  = "us-east-1"
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]
  # Only what was counted or refused: a log of all readers is neither needed nor ours to keep.
  logging_filter {
    default_behavior = "DROP"
    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"
      condition {
        action_condition {
          action = "BLOCK"
        }
      }
      condition {
        action_condition {
          action = "COUNT"
        }
      }
      condition {
        action_condition {
          action = "EXCLUDED_AS_COUNT"
        }
      }
    }
  }
  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
}
