# production. Replace account, domain, repository and people.
environment = "production"
account_id  = "333333333333"
owner       = "platform"
emails      = ["ops@fans.example", "oncall@fans.example"]
domain      = "fans.example"
mail_from   = "Lightstick <no-reply@fans.example>"
repository  = "fans/lightstick"

cidr = "10.30.0.0/16"
nat  = "zone"

web         = { cpu = 2048, memory = 4096, min = 3, max = 60, page_cache = 536870912 }
worker      = { cpu = 1024, memory = 2048, min = 2, max = 6 }
database    = { instance_class = "db.r8g.large", readers = 2, readers_max = 8, backup_days = 35 }
strategy    = "ROLLING"
price_class = "PriceClass_All"
log_days    = 90

# Tasks for a comeback stand ready half an hour before it:
# scheduled = {
#   comeback       = { schedule = "at(2027-03-01T17:30:00)", min = 30, max = 60 }
#   comeback-after = { schedule = "at(2027-03-01T21:00:00)", min = 3, max = 60 }
# }

waf_count_only = false
exec           = false
sign_in        = { domain_prefix = "lightstick-fans", callback_paths = ["/-/sign-in/cognito/callback"] }

prometheus = true
grafana    = true
slo        = { availability = 99.9, p99 = 1 }
budget     = 4000
