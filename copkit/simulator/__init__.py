"""The simulator: what a visitor entered (state), what is known (page), what follows from both (view)."""
