"""Many feeds at once: a file that names them, submitting each, following all."""
