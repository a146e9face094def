# the VPN server keeps its own time
# file: modules/access/openvpn/cloud-init.sh.tftpl
# target: module.access
# want: clock
/169\.254\.169\.123/d
