"""Matrix notation, as on a blackboard: text is read by a grammar of its own into index notation."""
