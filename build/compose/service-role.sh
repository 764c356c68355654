#!/bin/sh
# Run once by the PostgreSQL image when it makes the database: the role that the service connects as. What it may do, migrate grants.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$DATABASE_PASSWORD" -U "${POSTGRES_USER:-postgres}" -d "$POSTGRES_DB" <<'SQL'
create role ticmate login password :'password';
SQL
