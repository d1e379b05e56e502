"""Neural-network modules on top of autograd."""
