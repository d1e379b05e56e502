"""A frozen set of one-dimensional functions with right and wrong gradients, for gradient checkers."""
