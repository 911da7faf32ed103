"""Streams that people publish: making an endpoint, answering the RTMP server, ending a publisher."""
