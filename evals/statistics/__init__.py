"""What the numbers of an evaluation are worth: intervals, comparisons, and quality beside cost. Pure arithmetic."""
