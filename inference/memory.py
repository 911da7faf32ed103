"""Owns that a process keeps the memory of pictures and tensors, instead of asking for it again with every frame."""

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""`mallopt`'s names of its parameters: https://man7.org/linux/man-pages/man3/mallopt.3.html"""
KEPT_BYTES, OWN_MAPPING_BYTES = 2**28, 2**25
"""Freed memory that is kept; what is larger than the second has a mapping of its own (32 MiB are the most)."""


@cache
def keep_memory() -> bool:
    """Have the allocator keep what is freed, once a process; whether it does.

    By default glibc gives megabytes back soon after they are freed. A frame's pixels and tensors are some megabytes,
    and each page of them that comes anew costs a fault. Where there is another allocator nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False  # another C library, such as musl
    return bool(tell(_MMAP_THRESHOLD, OWN_MAPPING_BYTES) and tell(_TRIM_THRESHOLD, KEPT_BYTES))
