"""Our PostgreSQL: engine, tables, migrations, how rows are written."""
