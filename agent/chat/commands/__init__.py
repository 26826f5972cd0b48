"""What can be said in the chat beside questions: lines that begin with a slash."""
