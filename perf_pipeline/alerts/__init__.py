"""Sending people an alert for each cause: by which channels, in which words, and each cause only once."""
