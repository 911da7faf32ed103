"""Owns sizing: how many workers, hosts, bytes and brokers so many cameras need, computed from measured figures."""
