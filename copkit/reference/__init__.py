"""What is known: territories, units, parameters and reference tables, read and checked once."""
