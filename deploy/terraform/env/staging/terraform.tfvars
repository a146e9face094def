# staging: production's shape in small, for rehearsals. Replace account, domain, repository and people.
environment = "staging"
account_id  = "222222222222"
owner       = "platform"
emails      = ["ops@fans.example"]
domain      = "staging.fans.example"
mail_from   = "Lightstick staging <no-reply@staging.fans.example>"
repository  = "fans/lightstick"

cidr = "10.20.0.0/16"
nat  = "one"

web                = { cpu = 512, memory = 1024, min = 2, max = 8, page_cache = 134217728 }
worker             = { cpu = 256, memory = 512, min = 1, max = 2 }
worker_spot_weight = 50
database           = { instance_class = "db.serverless", serverless = { min = 0.5, max = 8 }, readers = 1, readers_max = 2, backup_days = 7 }
strategy           = "CANARY"
log_days           = 14

waf_count_only = false
exec           = false
sign_in        = { domain_prefix = "lightstick-staging", callback_paths = ["/-/sign-in/cognito/callback"] }

prometheus = true
budget     = 600
