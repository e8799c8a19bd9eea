"""The chat page, on which a person is whoever they like."""
