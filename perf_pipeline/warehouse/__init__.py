"""Our PostgreSQL: engine, tables, migrations, writing rows."""
