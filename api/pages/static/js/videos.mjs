// Owns the page of videos.
