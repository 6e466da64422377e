"""Whatever somebody sends, read into checked rows; what needs somebody; workbooks that go out and come back."""
