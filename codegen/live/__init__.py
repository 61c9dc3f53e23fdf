"""A screen on which one types a definition and sees what follows.

| file | about |
| --- | --- |
| questions.py | what may be asked, from JSON, with limits |
| answers.py | a question becomes events: the engine's one face, without process, socket or file |
| reading.py | the definition that is typed, read; and the same in index notation |
| growing.py | its derivation and proof, made piece by piece and kept |
| fragments.py | pieces of HTML, with the macros of pages |
| fixes.py | what to write instead, where an error points at a word |
| chips.py | definitions to start from, and changes to try |
| worker.py | a process that answers questions for one tab |
| workers.py | the workers of all tabs: limits of time and memory, and who ends when |
| server.py | the page, and questions, over HTTP |
| screen/ | the page |
"""
