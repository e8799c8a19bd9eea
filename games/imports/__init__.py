"""Games from other programs: read from a file, shown before anything changes, made by the usual actions, undone."""
