"""Formulas in print: index notation and matrix notation, in each alphabet.

| file | what it is about |
| --- | --- |
| printer | a layer's expressions as text: `Notation` |
| matrix/ | the same in matrix notation, where that exists: `matrix_form` |
| writers, products, deltas | how each kind of expression is written |
| writing | what every writer is given |
| order | the order of factors and terms |
| names | tensors and their cotangents by name, names of bound indices |
| written/ | a layer as text of another notation, which is read again |
| styles | the alphabets: Unicode, LaTeX, and LaTeX for pages |
"""
