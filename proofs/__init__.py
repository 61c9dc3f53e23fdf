"""Machine proofs, in Coq, of the laws and of the normal form's rules, for every size."""
