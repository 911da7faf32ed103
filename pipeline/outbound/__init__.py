"""What is dialled for a user: which addresses it may be, and the one way to connect to them."""
