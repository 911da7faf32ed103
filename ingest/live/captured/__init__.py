"""Live sources whose pictures somebody else has captured and published to topic `captures`."""
