"""Shapes that nobody has said, guessed from the text: a suggestion, which only a click takes up.

What a name may be (a number, a vector, a matrix, labels) is weighed by how it is written. Which
sizes must be one is said by the readers themselves: each axis is given a size of its own, and where
two of them meet they become one.

| file | what it is about |
| --- | --- |
| shapeless | the error that names what has no shape, and what a guess is |
| candidates | what a name may be, and how usual that is |
| in_matrices | how names are used in matrix notation |
| in_arrays | how names are used in array notation |
| search | the most usual reading that fits, and its sizes |
| naming | letters for sizes |
"""
