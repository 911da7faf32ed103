"""What a GPU makes of the models: frames a second by batch size, fed from JPEGs, and how many feeds it holds."""
