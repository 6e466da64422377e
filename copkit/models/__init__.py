"""The arithmetic of the panorama: no file format, no chart, no widget."""
