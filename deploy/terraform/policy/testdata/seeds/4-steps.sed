# the last step ends where the CPU does not: no step for metric value 99.8 and breach delta 49.8
# file: modules/compute/scaling.tf
# target: module.compute
# want: step-scaling
s/: null$/: 39.8/
