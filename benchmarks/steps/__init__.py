"""Training steps: a file for each problem, and in it the same problem written in each library."""
