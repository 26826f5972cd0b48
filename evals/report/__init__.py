"""What a sweep says, as one page to read, as tables for a pull request, and as figures for other programs."""
