"""Where a hand-written backward pass goes wrong: its gradients beside those that are proved.

| file | what it is about |
| --- | --- |
| arrays | index notation evaluated over NumPy arrays |
| drawing | sizes and inputs that show every case |
| quantities | every value of a derivation and every part of its formulas, by name |
| conventions | which function of a file is called, with what, and what it returns |
| outside | the file's code in a process of its own, with limits |
| inside/ | what runs in that process |
| comparing | gradients beside ours: right, wrong, not compared |
| changes | single changes of a formula, in words |
| explaining | which change gives the numbers that came |
| typed | a formula of NumPy's, read and evaluated |
| by_matrices | one in matrix notation |
| pasted | lines and functions that were pasted: which claims they make |
| transposed | its products with factors transposed or exchanged |
| claims | the whole way for such claims |
| found | the values that reports are made of |
| calling | the file's functions called, their results beside ours |
| by_numbers | what a value is and should be, no line of a file being known |
| blaming | lines where a file goes wrong, and why |
| smallest | a small example |
| checking | the whole way for a file |
| report | what was found, as text and as data |
"""
