"""What runs in a process beside the user's code: it imports NumPy and Python's own library alone.

| file | what it is about |
| --- | --- |
| running | the file as a module, its functions called, a result taken apart |
| watched | the file's code with a look at each value that it sets |
| observer | values by line, and other values put in their place |
| matching | are two arrays the same, whatever their layout |
| searching | the first line at which the right value makes a gradient right |
| suspects | lines that may have to be spelled another way |
| respelling | runs with a line spelled another way, the cheapest slips first |
| repairs | other spellings of a line |
| insertions | factors and terms put into a line |
"""
