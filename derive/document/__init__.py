"""From a derivation to a page: layout, view model, and LaTeX, Markdown, HTML and terminal text.

``derive.document.render`` holds the public functions.  Nothing here adds mathematics: every
formula that is printed is a line, a statement or a condition that the kernel accepted.
"""
