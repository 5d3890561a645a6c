"""The systems that we only read, as the first column of the lineage."""

import dagster as dg

_GROUP = "sources"

SOURCES = [
    dg.AssetSpec(
        "make_an_lpa_feedback_table",
        group_name=_GROUP,
        description="The feedback table of the Make an LPA database: ratings from the banner inside the service, with a "
        "mandatory comment that never leaves it. Read only.",
        kinds={"postgres"},
    ),
    dg.AssetSpec(
        "feedback_explorer_exports",
        group_name=_GROUP,
        description="GOV.UK Feedback Explorer exports: ratings of the page at the end of each service, as CSV files that "
        "a person drops into a folder every month. Days are UTC days.",
        kinds={"csv"},
    ),
    dg.AssetSpec(
        "make_an_lpa_applications",
        group_name=_GROUP,
        description="The applications table of the Make an LPA database. It forgets: deleted applications are blanked, "
        "stamps are reset by edits. Read only.",
        kinds={"postgres"},
    ),
    dg.AssetSpec(
        "sirius_channel_statistics",
        group_name=_GROUP,
        description="The Sirius data API: LPA applications received by day, type and channel, revised for months. "
        "Contract: docs/sirius-endpoint.openapi.yaml.",
        kinds={"api"},
    ),
]
