"""Stage 3: months, summed again from counts."""
