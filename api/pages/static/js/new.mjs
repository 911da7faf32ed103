// Owns the page of new.
