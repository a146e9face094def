# the VPN's name leads to its private address
# file: modules/access/openvpn.tf
# target: module.access
# want: public-name
s/aws_eip\.openvpn\[0\]\.public_ip/aws_network_interface.openvpn[0].private_ip/
