# the balancer is on the internet, its subnets are not
# file: modules/compute/balancer.tf
# target: module.compute
# want: balancer-subnets
s/^  internal  .*= true/  internal = false/
