"""One entry for each service, source, dataset, column, indicator, method, check, marker and window: what it means."""
