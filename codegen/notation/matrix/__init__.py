"""Matrix notation in print: forms, the shapes of their factors, and why each stands as it does.

| file | what it is about |
| --- | --- |
| printer | a tree as text: `matrix_form` |
| shapes | the shapes below a form: (N×J)(J×K) → N×K |
| reasons | which axis is summed with which, what is transposed for that, what stands in each row |
"""
