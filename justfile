# The commands people type. `just` lists them.

_default:
    @just --list

# The main job on an organization on localhost, with the embedded database
demo:
    cargo run -- demo

# All tests, with what they need set up under target/
test *filter:
    cargo xtask test {{ filter }}

# Format, clippy and documentation as CI checks them
lint:
    cargo xtask lint

# The fuzz targets of the pattern engine: `just fuzz --target covers --seconds 600`
fuzz *arguments:
    cargo xtask fuzz {{ arguments }}

# Licences, bans and sources of the dependency tree
deny:
    cargo deny check licenses bans sources

# Everything that CI checks
ci:
    .ci/run

# The offline cache of checked SQL statements, after a query or a migration changed
sqlx-prepare:
    cargo xtask sqlx-prepare

# docs/SQL.md from the COMMENTs of the migrations
docs-sql:
    cargo xtask docs-sql

# Accept changed snapshots of printed output after looking at them
snapshots:
    cargo insta review
