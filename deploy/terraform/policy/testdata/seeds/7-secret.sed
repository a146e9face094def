# the database's password stands in the address
# file: modules/compute/tasks.tf
# target: none
# want: secret
s#postgres://${var.database.user}@#postgres://${var.database.user}:fans@#
