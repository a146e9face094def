# the database is stored in clear
# file: modules/data/main.tf
# target: module.data
# want: encryption
s/storage_encrypted  .*= true/storage_encrypted = false/
