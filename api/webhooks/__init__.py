"""Webhooks: what a video's states are told by to its callback address, signed, tried again, written down."""
