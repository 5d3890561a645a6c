"""What a service, dataset, column, metric, method and check mean: one entry each."""
