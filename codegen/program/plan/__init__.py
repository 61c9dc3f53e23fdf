"""Plans: in which order a program's values are worked out, where each is kept, and its name."""
