"""How the whole system does: rates over the last half minute, what the servers say, and what to do when it is red."""
