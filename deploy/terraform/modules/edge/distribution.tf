# CloudFront. Pages and assets fail over to buckets; what is somebody's own goes to the origin alone,
# since an origin group passes no writes.

locals {
  all_methods  = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
  read_methods = ["GET", "HEAD", "OPTIONS"]

  # A member's own pages, staff's pages, the API, and answers that depend on who asks but are kept
  # nowhere. As in deploy/nginx/conf/locations.conf: everything that is not named here is public and
  # loses its cookies, so an address that is forgotten shows too little, never too much.
  own_paths = ["/", "/me/*", "/admin/*", "/api/*", "/-/*", "/livez", "/readyz"]

  kept_paths = {
    "/assets/*" = "assets-or-bucket" # during a roll-out an old task lacks the new files; the bucket has all
    "/media/*"  = "pages"
  }

  bucket_origins = toset(["assets", "snapshot"])
}

resource "aws_cloudfront_vpc_origin" "this" {
  vpc_origin_endpoint_config {
    name                   = var.name
    arn                    = var.origin.arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "https-only"
    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = var.name
  description                       = "CloudFront reads the buckets as itself"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "this" {
  enabled         = true
  comment         = var.name
  aliases         = [var.domain, local.media]
  http_version    = "http2and3"
  is_ipv6_enabled = true
  price_class     = var.price_class
  web_acl_id      = aws_wafv2_web_acl.this.arn

  # One balancer, twice: pages are given up soon, because an older copy is at hand; writes are not.
  dynamic "origin" {
    for_each = { pages = var.timeouts.page, own = var.timeouts.own }
    content {
      origin_id           = origin.key
      domain_name         = local.origin
      connection_attempts = 2
      connection_timeout  = var.timeouts.connect
      vpc_origin_config {
        vpc_origin_id            = aws_cloudfront_vpc_origin.this.id
        origin_read_timeout      = origin.value
        origin_keepalive_timeout = 50
      }
      dynamic "origin_shield" {
        for_each = origin.key == "pages" ? [var.region] : []
        content {
          enabled              = true
          origin_shield_region = origin_shield.value
        }
      }
    }
  }

  dynamic "origin" {
    for_each = local.bucket_origins
    content {
      origin_id                = origin.key
      domain_name              = aws_s3_bucket.this[origin.key].bucket_regional_domain_name
      origin_access_control_id = aws_cloudfront_origin_access_control.this.id
      connection_attempts      = 2
      connection_timeout       = var.timeouts.connect
    }
  }

  origin_group {
    origin_id = "pages-or-snapshot"
    failover_criteria {
      status_codes = var.failover_codes
    }
    member {
      origin_id = "pages"
    }
    member {
      origin_id = "snapshot"
    }
  }

  origin_group {
    origin_id = "assets-or-bucket"
    failover_criteria {
      status_codes = [404, 500, 502, 503, 504]
    }
    member {
      origin_id = "pages"
    }
    member {
      origin_id = "assets"
    }
  }

  default_cache_behavior {
    target_origin_id           = "pages-or-snapshot"
    allowed_methods            = local.read_methods
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.pages.id
    origin_request_policy_id   = aws_cloudfront_origin_request_policy.pages.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.safe.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.own_paths
    content {
      path_pattern             = ordered_cache_behavior.value
      target_origin_id         = "own"
      allowed_methods          = local.all_methods
      cached_methods           = ["GET", "HEAD"]
      viewer_protocol_policy   = "redirect-to-https"
      compress                 = true
      cache_policy_id          = local.caching_disabled
      origin_request_policy_id = local.all_viewer
      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.clean.arn
      }
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.kept_paths
    content {
      path_pattern               = ordered_cache_behavior.key
      target_origin_id           = ordered_cache_behavior.value
      allowed_methods            = local.read_methods
      cached_methods             = ["GET", "HEAD"]
      viewer_protocol_policy     = "redirect-to-https"
      compress                   = true
      cache_policy_id            = aws_cloudfront_cache_policy.immutable.id
      origin_request_policy_id   = aws_cloudfront_origin_request_policy.pages.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.safe.id
    }
  }

  # CloudFront keeps an error for 10 s unless told otherwise.
  dynamic "custom_error_response" {
    for_each = toset([400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504])
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = var.error_ttl
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.this["edge"].certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

# Who asked for what, without cookies, into the bucket for logs.
resource "aws_cloudwatch_log_delivery_source" "access" {
  region       = "us-east-1" # where CloudFront's logs are configured
  name         = "${var.name}-cloudfront"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this.arn
}

resource "aws_cloudwatch_log_delivery_destination" "access" {
  region        = "us-east-1"
  name          = "${var.name}-cloudfront"
  output_format = "parquet"
  delivery_destination_configuration {
    destination_resource_arn = aws_s3_bucket.this["logs"].arn
  }
}

resource "aws_cloudwatch_log_delivery" "access" {
  region                   = "us-east-1"
  delivery_source_name     = aws_cloudwatch_log_delivery_source.access.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.access.arn
  depends_on               = [aws_s3_bucket_policy.this]
}
