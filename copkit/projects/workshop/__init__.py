"""The workbook in which services work on the triage."""
