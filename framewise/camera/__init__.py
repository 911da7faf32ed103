"""A camera of this machine, published to a service elsewhere: needs the extra `camera`."""
