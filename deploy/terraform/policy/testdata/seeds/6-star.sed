# the tasks may do anything with any bucket
# file: modules/compute/roles.tf
# target: module.compute
# want: iam-wildcard
s/"s3:GetObject", "s3:PutObject", "s3:DeleteObject"/"s3:*"/
