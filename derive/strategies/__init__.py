"""Code that chooses the next rule.  It is never trusted: the kernel decides."""
