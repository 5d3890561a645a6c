"""The default warehouse: a PostgreSQL of our own, started when it is first needed and stopped after its last user.

`leases` counts the users, `server` starts and stops PostgreSQL, `cluster` makes its data folder, `launcher` runs its
programs, `locks` keeps processes out of each other's way, and `home` names the files.
"""

from perf_pipeline.embedded_postgres.leases import EmbeddedPostgres, embedded_postgres, has_cluster

__all__ = ["EmbeddedPostgres", "embedded_postgres", "has_cluster"]
