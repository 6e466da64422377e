"""Le questionnaire des collectivités : ses actions, les réponses reçues, ce qu'elles disent des leviers."""
