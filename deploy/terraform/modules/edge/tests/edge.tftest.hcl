mock_provider "aws" {
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      domain_validation_options = [
        { domain_name = "fans.example", resource_record_name = "_x.fans.example", resource_record_type = "CNAME", resource_record_value = "_y.acm.example" },
        { domain_name = "*.fans.example", resource_record_name = "_x.fans.example", resource_record_type = "CNAME", resource_record_value = "_y.acm.example" },
      ]
    }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1" }
  }
  mock_resource "aws_cloudfront_function" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:function/f" }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/1" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-x" }
  }
  mock_resource "aws_cloudwatch_log_delivery_destination" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:delivery-destination:x" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::bucket" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  name       = "fans-test"
  account_id = "123456789012"
  region     = "ap-northeast-2"
  domain     = "fans.example"
  origin     = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/x/1" }
}

run "nothing_is_kept_that_says_no_store" {
  command = plan
  assert {
    condition     = aws_cloudfront_cache_policy.pages.min_ttl == 0 && aws_cloudfront_cache_policy.immutable.min_ttl == 0 && aws_cloudfront_cache_policy.pages.default_ttl == 2
    error_message = "A least TTL above 0 keeps no-store."
  }
  assert {
    condition     = alltrue([for e in aws_cloudfront_distribution.this.custom_error_response : e.error_caching_min_ttl <= 1])
    error_message = "An error is forgotten after a second."
  }
  assert {
    condition     = aws_cloudfront_cache_policy.pages.parameters_in_cache_key_and_forwarded_to_origin[0].cookies_config[0].cookies[0].items == toset(["ls_ryw"])
    error_message = "Pages know one cookie: of who has just written."
  }
  assert {
    condition     = toset([for b in aws_cloudfront_distribution.this.ordered_cache_behavior : b.path_pattern if b.target_origin_id == "own"]) == toset(["/", "/me/*", "/admin/*", "/api/*", "/-/*", "/livez", "/readyz"])
    error_message = "What is somebody's own is not kept."
  }
}

run "writes_never_fail_over" {
  command = plan
  assert {
    condition = alltrue([for b in aws_cloudfront_distribution.this.ordered_cache_behavior :
      contains(b.allowed_methods, "POST") == (b.target_origin_id == "own")
    ]) && !contains(aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods, "POST")
    error_message = "Writes go to the origin alone, and only there are they allowed."
  }
  assert {
    condition     = alltrue([for g in aws_cloudfront_distribution.this.origin_group : !contains(g.failover_criteria[0].status_codes, 503) if g.origin_id == "pages-or-snapshot"])
    error_message = "A page that was shed is not looked for in the snapshot."
  }
  assert {
    condition     = [for o in aws_cloudfront_distribution.this.origin : o.vpc_origin_config[0].origin_read_timeout if o.origin_id == "pages"] == [3]
    error_message = "A page that hangs is given up soon."
  }
}

run "buckets_are_shut" {
  command = plan
  assert {
    condition     = alltrue([for k, b in aws_s3_bucket.this : aws_s3_bucket_public_access_block.this[k].restrict_public_buckets && aws_s3_bucket_public_access_block.this[k].block_public_policy && aws_s3_bucket_public_access_block.this[k].block_public_acls && aws_s3_bucket_public_access_block.this[k].ignore_public_acls])
    error_message = "Every bucket has the whole public access block."
  }
  assert {
    condition     = aws_cloudfront_origin_access_control.this.signing_behavior == "always" && aws_cloudfront_origin_access_control.this.signing_protocol == "sigv4"
    error_message = "CloudFront signs what it asks of buckets."
  }
}

run "the_firewall_counts_first" {
  command = plan
  assert {
    condition     = alltrue([for r in aws_wafv2_web_acl.this.rule : length(concat(r.override_action[*].count, r.action[*].count)[0]) == 1])
    error_message = "Until it is told otherwise the firewall refuses nobody."
  }
  assert {
    condition     = length(distinct([for r in aws_wafv2_web_acl.this.rule : r.priority])) == 8
    error_message = "Four lists and four limits, each with a place of its own."
  }
}

run "the_firewall_refuses" {
  command = plan
  variables {
    waf_count_only  = false
    waf_bot_control = true
  }
  assert {
    condition     = alltrue([for r in aws_wafv2_web_acl.this.rule : r.action[0].block[0].custom_response[0].response_code == 429 if startswith(r.name, "rate-")])
    error_message = "Who is too fast gets 429."
  }
  assert {
    condition     = contains([for r in aws_wafv2_web_acl.this.rule : r.name], "AWSManagedRulesBotControlRuleSet")
    error_message = "Bot control is there when asked for."
  }
  assert {
    condition     = [for r in aws_wafv2_web_acl.this.rule : toset(r.statement[0].managed_rule_group_statement[0].rule_action_override[*].name) if r.name == "AWSManagedRulesSQLiRuleSet"] == [toset(["SQLi_BODY", "SQLiExtendedPatterns_BODY"])]
    error_message = "Fans may write about SQL."
  }
}

run "failover" {
  command = plan
  variables {
    routing = { policy = "failover", others = { pop = { dns_name = "pop.example", zone_id = "Z1" } } }
  }
  assert {
    condition     = aws_route53_record.edge["A"].failover_routing_policy[0].type == "PRIMARY" && aws_route53_record.other["pop"].failover_routing_policy[0].type == "SECONDARY"
    error_message = "CloudFront first, then the other place."
  }
}

run "latency" {
  command = plan
  variables {
    routing = { policy = "latency", others = { eu = { dns_name = "pop.example", zone_id = "Z1", region = "eu-central-1" } } }
  }
  assert {
    condition     = aws_route53_record.edge["AAAA"].latency_routing_policy[0].region == "ap-northeast-2" && aws_route53_record.other["eu"].latency_routing_policy[0].region == "eu-central-1"
    error_message = "Each place stands for its region."
  }
}

run "failover_without_another_place_is_refused" {
  command = plan
  variables {
    routing = { policy = "failover" }
  }
  expect_failures = [var.routing]
}

run "failing_over_on_shed_load_is_refused" {
  command = plan
  variables {
    failover_codes = [500, 503]
  }
  expect_failures = [var.failover_codes]
}

run "a_slow_page_timeout_is_refused" {
  command = plan
  variables {
    timeouts = { page = 30 }
  }
  expect_failures = [var.timeouts]
}
