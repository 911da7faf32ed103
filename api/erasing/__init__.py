"""The search by face, and the right to be forgotten: bodies, answers and what is done for them."""
