# each new image replaces the VPN's server, and nothing stops it
# file: modules/access/openvpn.tf
# target: none
# want: prevent-destroy
/prevent_destroy = true/d
