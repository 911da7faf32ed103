"""Server-sent events of a video: in an order that ids stand for, read from the store, woken by the topic `results`."""
