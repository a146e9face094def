# A change of every module, on top of everything: what holds data or an address must stay.
nat                = "zone"
endpoints          = ["ecr.api", "ecr.dkr", "logs"]
web                = { cpu = 1024, memory = 2048, min = 4, max = 40 }
worker             = { cpu = 512, memory = 1024, min = 2, max = 4 }
worker_spot_weight = 10
strategy           = "CANARY"
scheduled          = { comeback = { schedule = "at(2027-03-01T17:30:00)", min = 30, max = 60 } }
database           = { instance_class = "db.r8g.large", readers = 3, readers_max = 9, backup_days = 21 }
price_class        = "PriceClass_100"
log_days           = 180
waf_count_only     = false
waf_bot_control    = true
sign_in            = { domain_prefix = "lightstick-test", callback_paths = ["/-/callback", "/-/other"], mfa = "ON" }
routing            = { policy = "failover", others = { pop = { dns_name = "pop.fans.example", zone_id = "Z1" } } }
repository         = "fans/moved"
exec               = false
emails             = ["other@fans.example"]
slo                = { availability = 99.5, p99 = 2 }
budget             = 1000
owner              = "others"
