"""What runs the flow: partitions, jobs, schedules, resources."""
