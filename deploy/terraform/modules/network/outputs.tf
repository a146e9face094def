output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "The VPC's network."
  value       = aws_vpc.this.cidr_block
}

output "public_subnets" {
  description = "Subnet ids by zone letter, with a route to the internet gateway."
  value       = { for z, s in aws_subnet.public : z => s.id }
  depends_on  = [aws_route_table_association.public, aws_route.internet]
}

output "app_subnets" {
  description = "Subnet ids by zone letter, whose way out is a NAT gateway."
  value       = { for z, s in aws_subnet.app : z => s.id }
  depends_on  = [aws_route_table_association.app, aws_route.nat]
}

output "data_subnets" {
  description = "Subnet ids by zone letter, without a way out."
  value       = { for z, s in aws_subnet.data : z => s.id }
}

output "nat_addresses" {
  description = "Public addresses that the site's own calls come from, for allow-lists of others."
  value       = [for e in aws_eip.nat : e.public_ip]
}
