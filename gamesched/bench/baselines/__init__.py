"""What the product is measured beside, each in a process of its own, in the same run."""
