"""Pages of derivations: HTML, LaTeX and the terminal, from one outline."""
