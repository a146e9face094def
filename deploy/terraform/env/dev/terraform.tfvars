# dev: as small as it goes, everything that production has but one of each. Replace account, domain,
# repository and people.
environment = "dev"
account_id  = "111111111111"
owner       = "platform"
emails      = ["ops@fans.example"]
domain      = "dev.fans.example"
mail_from   = "Lightstick dev <no-reply@dev.fans.example>"
repository  = "fans/lightstick"

cidr      = "10.10.0.0/16"
nat       = "one"
endpoints = []

web                = { cpu = 256, memory = 1024, min = 1, max = 4, page_cache = 67108864 }
worker             = { cpu = 256, memory = 512, min = 1, max = 2 }
worker_spot_weight = 100
database           = { instance_class = "db.serverless", serverless = { min = 0, max = 2 }, readers = 0, readers_max = 0, backup_days = 3 }
price_class        = "PriceClass_200"
log_days           = 7

deletion_protection = false
waf_count_only      = true
exec                = true
vpn                 = { kind = "openvpn" }

budget = 200
