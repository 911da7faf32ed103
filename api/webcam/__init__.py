"""Pictures that a page sends of its camera, one a request, handed to ingest as a live source."""
