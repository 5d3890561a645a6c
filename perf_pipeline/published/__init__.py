"""Stage 4: published figures, their versions and files."""
