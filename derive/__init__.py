"""The mathematics: definitions to layers, layers to derivations, derivations to proofs."""
