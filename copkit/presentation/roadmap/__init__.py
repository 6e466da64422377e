"""The roadmap as tables and sentences in French."""
