"""The RTMP server as others see it: its settings, keys, who publishes now, and ending that."""
