"""The course: what a learner is asked, shared by the page and the terminal.

A question is made from two lines of a derivation and the steps between them; its wrong answers are
mistakes that people really make, each with the numbers that show it wrong.
"""
