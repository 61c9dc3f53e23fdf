"""What a module promises, in no target's words."""
