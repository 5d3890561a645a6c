"""The documents that are written from the catalogue: the data dictionary and the guide to quality."""
