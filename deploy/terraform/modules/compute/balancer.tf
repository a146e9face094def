# The load balancer is internal, always: CloudFront reaches it through a VPC origin, so there is no
# address on the internet that could be attacked around CloudFront, and no public subnet to choose wrong.

resource "aws_security_group" "balancer" {
  name        = "${var.name}-balancer"
  description = "HTTPS from CloudFront's interfaces in this VPC"
  vpc_id      = var.vpc.id
  tags        = { Name = "${var.name}-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  security_group_id = aws_security_group.balancer.id
  description       = "CloudFront's VPC origin"
  cidr_ipv4         = var.vpc.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb" "this" {
  name                       = var.name
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = values(var.vpc.subnets)
  security_groups            = [aws_security_group.balancer.id]
  idle_timeout               = 60 # below the site's 75 s: the site never closes first
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = var.deletion_protection
}

resource "aws_lb_target_group" "web" {
  for_each                      = toset(local.rolling ? ["a"] : ["a", "b"])
  name                          = "${var.name}-web-${each.key}"
  vpc_id                        = var.vpc.id
  target_type                   = "ip"
  protocol                      = "HTTP"
  port                          = 8080
  deregistration_delay          = 20
  load_balancing_algorithm_type = "least_outstanding_requests"
  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "Not here."
      status_code  = "421"
    }
  }
}

resource "aws_lb_listener_rule" "web" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 100
  action {
    type = "forward"
    forward {
      dynamic "target_group" {
        for_each = aws_lb_target_group.web
        content {
          arn    = target_group.value.arn
          weight = target_group.key == "a" ? 100 : 0
        }
      }
    }
  }
  condition {
    host_header {
      values = [var.domain, "*.${var.domain}"]
    }
  }
  lifecycle {
    ignore_changes = [action] # ECS shifts the weights during a canary
  }
}
