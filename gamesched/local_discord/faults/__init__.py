"""Faults that a script or the panel asks for: what fails, how and how often."""
