"""The category of each project: facts, rules, criteria, decisions of people, opinions."""
