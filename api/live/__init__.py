"""The newest analysed frame of a video as a picture that moves: drawn once for all who look, slow ones skip frames."""
