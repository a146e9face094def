# the VPN's address is made anew
# file: modules/access/openvpn.tf
# target: module.access
# want: replaced
/^resource "aws_eip"/,/^}/s/domain            = "vpc"/domain            = "standard"/
