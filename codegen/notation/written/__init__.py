"""A layer as text of another notation, which is read again: only what comes back the same is given.

| file | what it is about |
| --- | --- |
| same | are two layers one, but for the names of axes |
| arrays | index notation as NumPy expressions |
| layouts | arrays whose axes have names, brought beside each other |
| matrices | index notation as matrices |
| shapes | the shapes of what a layer takes |
"""
