"""What is said of the adaptation of a territory."""
