"""From the text of a definition to a layer."""
