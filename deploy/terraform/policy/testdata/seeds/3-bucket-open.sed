# everybody may read the buckets, any distribution of anybody too, and nothing stops such a policy
# file: modules/edge/buckets.tf
# target: module.edge
# want: bucket-origin bucket-public
s/^  block_public_policy .*/  block_public_policy = false/
s/^    effect    = "Deny"/    effect    = "Allow"/
s/^    actions   = \["s3:\*"\]/    actions = ["s3:GetObject"]/
/^    condition {/,/^    }/d
/sid       = "ThisDistribution"/,/^    }/s/variable = "AWS:SourceArn"/variable = "aws:SourceAccount"/
