"""What answers the paths of the HTTP API, by subject."""
