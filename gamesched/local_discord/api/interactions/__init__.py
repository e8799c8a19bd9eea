"""Interactions: commands, components and modals, from the click to the last follow-up."""
