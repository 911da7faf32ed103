"""The service that follows things and faces through a video, by what the analysis has stored of its frames."""
