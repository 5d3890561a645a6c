"""`scripts/bench`: how long the pipeline takes on years of data, as ratios to floors that are measured in the same run."""
