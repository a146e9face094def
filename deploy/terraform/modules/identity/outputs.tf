output "issuer" {
  description = "Address at which the provider is discovered."
  value       = "https://cognito-idp.${var.region}.amazonaws.com/${aws_cognito_user_pool.this.id}"
}

output "client_id" {
  description = "The site's client; it has no secret."
  value       = aws_cognito_user_pool_client.this.id
}

output "sign_in_host" {
  description = "Host of Cognito's own pages."
  value       = "${aws_cognito_user_pool_domain.this.domain}.auth.${var.region}.amazoncognito.com"
}
