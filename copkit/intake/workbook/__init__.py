"""Workbooks that go out and come back: one declaration says what they show, what is filled in, and how it is read."""
