"""The writers of documents: each makes one kind of file of the same blocks."""
