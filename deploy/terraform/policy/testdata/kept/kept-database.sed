# another owner of the database
# file: modules/data/main.tf
# target: module.data
# want: replaced
s/master_username .*= "lightstick"/master_username = "owner"/
