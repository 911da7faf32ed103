"""Pictures that come from elsewhere: whether they are whole, and their JPEGs, made where a harmful one harms nobody."""
