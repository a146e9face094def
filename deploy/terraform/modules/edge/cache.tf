# What CloudFront keeps, by kind of path, and what of a request the origin gets to see.

locals {
  # AWS's own policies have fixed ids.
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer       = "216adef6-5c7f-47e4-b989-5492eafa07d3"

  # The query parameters that public pages read, as in deploy/nginx/conf/maps.conf. All others
  # (fbclid, utm_…) reach neither the key nor the origin.
  parameters = ["after", "author", "board", "cursor", "fandom", "from", "kind", "limit", "order", "past", "pinned", "q", "sort", "tab", "to"]
}

# Public pages: as long as the origin says, stale-while-revalidate and stale-if-error included. The
# least TTL is 0: above it CloudFront would keep what says no-store. Who has just written carries
# ls_ryw or Lightstick-Seen; being part of the key it leads past the copy of the others, and the
# origin's answer to it is private.
resource "aws_cloudfront_cache_policy" "pages" {
  name        = "${var.name}-pages"
  comment     = "Public pages: what the origin says"
  min_ttl     = 0
  default_ttl = 2
  max_ttl     = 86400
  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    cookies_config {
      cookie_behavior = "whitelist"
      cookies {
        items = ["ls_ryw"]
      }
    }
    headers_config {
      header_behavior = "whitelist"
      headers {
        items = ["Lightstick-Seen"]
      }
    }
    query_strings_config {
      query_string_behavior = "whitelist"
      query_strings {
        items = local.parameters
      }
    }
  }
}

# Files whose name changes with their content.
resource "aws_cloudfront_cache_policy" "immutable" {
  name        = "${var.name}-immutable"
  comment     = "Files that never change"
  min_ttl     = 0
  default_ttl = 86400
  max_ttl     = 31536000
  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# The site tells crawlers from readers. Host is not among these: the snapshot's bucket would refuse it.
resource "aws_cloudfront_origin_request_policy" "pages" {
  name    = "${var.name}-pages"
  comment = "Public pages: nothing of the reader's but the kind of program"
  cookies_config {
    cookie_behavior = "none"
  }
  headers_config {
    header_behavior = "whitelist"
    headers {
      items = ["User-Agent"]
    }
  }
  query_strings_config {
    query_string_behavior = "none"
  }
}

# The site sets all of these itself; what comes from a bucket has them from here.
resource "aws_cloudfront_response_headers_policy" "safe" {
  name    = "${var.name}-safe"
  comment = "For answers that have no such headers of their own"
  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = false
    }
    content_type_options {
      override = false
    }
    frame_options {
      frame_option = "DENY"
      override     = false
    }
    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = false
    }
  }
}

# What only a proxy may say is taken from the request, whoever says it.
resource "aws_cloudfront_function" "clean" {
  name    = "${var.name}-clean"
  comment = "Drops headers that only a proxy may set"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/clean.js")
}
