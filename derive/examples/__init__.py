"""Programs that use the generated code as a reader would: each runs with ``python -m``."""
