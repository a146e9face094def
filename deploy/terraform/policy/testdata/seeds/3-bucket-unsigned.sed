# CloudFront asks the buckets unsigned
# file: modules/edge/distribution.tf
# target: module.edge
# want: bucket-origin
/^      origin_access_control_id = /d
