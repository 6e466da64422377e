"""The document of the panorama of biodiversity and resources."""
