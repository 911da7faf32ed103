"""In the cloud: stores each picture, and has it analysed."""
