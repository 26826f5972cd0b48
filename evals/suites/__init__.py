"""Questions with their answers, in whatever file, and whether an answer is right."""
