"""The door for cameras at the edge, whose findings come as pictures over MQTT."""
