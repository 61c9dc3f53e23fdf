"""Examples that train on generated gradients."""
