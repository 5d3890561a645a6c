"""What a service, dataset, column, metric, method, check, marker and window mean: one entry each."""
