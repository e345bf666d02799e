#!/usr/bin/env bash
# Runs once, when the database is made: the gateways' role owns the database `layover` and is nothing else.
set -euo pipefail
psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --set ON_ERROR_STOP=1 --set password="$LAYOVER_PASSWORD" <<'SQL'
create role layover login password :'password' nosuperuser nocreatedb nocreaterole noreplication;
create database layover owner layover;
revoke connect, temporary on database layover from public;
SQL
