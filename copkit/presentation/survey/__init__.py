"""What the questionnaire says, as tables."""
