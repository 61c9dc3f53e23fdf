"""From a layer to its derivatives: steps, Jacobians, structure, gradients and tangents."""
