"""A screen on which one types a definition and sees what follows.

| file | what it is about |
| --- | --- |
| questions | what may be asked, from JSON, with limits |
| answers | a question becomes events: the engine's one face, without process, socket or file |
| reading | the definition that is typed, read |
| growing | its derivation and proof, made piece by piece and kept |
| understood | what was read, typeset, with shapes |
| fragments | pieces of HTML, with the macros of pages |
| asides | why a step holds, code, is my gradient right, a Jacobian |
| instance | a step in numbers |
| worked | a worked example, in numbers that are drawn or one's own |
| converting | the same in another notation |
| fixes | what went wrong and where, and what to write instead |
| chips | definitions to start from, and changes to try |
| worker | a process that answers the questions of one tab |
| warm | what is loaded before a worker is forked |
| workers | the workers of all tabs: who answers, when one is ended, within which limits |
| server | the page, and questions, over HTTP |
| serving | the server in this process, from a free port to Ctrl-C |
| needing | what to say where there is no NumPy |
| screen/ | the page |
| site/ | the page and the engine as one file, without a server |
"""
