"""The older form of a camera: JSON messages on a topic, as an earlier system's producers send them."""
