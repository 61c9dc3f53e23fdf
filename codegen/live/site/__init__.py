"""The live page as one file: the engine runs in the browser, without a server and offline.

`pullback site` needs npm for Pyodide (CPython for browsers), temml (LaTeX to MathML) and esbuild;
all three are pinned in package-lock.json.

| file | about |
| --- | --- |
| building.py | the way from the project's files to one file of HTML |
| bundle.mjs | SymPy, Jinja and the engine compiled for Pyodide's Python, as one archive |
| browser/ | modules of Python that stand in for those that no browser has |
| static/engine.js | what runs beside the page: Pyodide with the engine, a question at a time |
| static/ask.js | the page's way to it, in place of that to a server |
"""
