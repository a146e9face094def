# dev with everything that can be turned on, so that no block of any module goes unseen.
nat                     = "one"
endpoints               = ["ecr.api"]
sign_in                 = { domain_prefix = "lightstick-test", callback_paths = ["/-/callback"] }
relay_zip               = "../../modules/observe/tests/relay.zip"
prometheus              = true
prometheus_rules        = { test = "../../policy/testdata/rules.yml" }
grafana                 = true
config_recorder         = true
pipeline_connection_arn = "arn:aws:codeconnections:ap-northeast-2:111111111111:connection/1"
vpn                     = { kind = "openvpn" }
exec                    = true
