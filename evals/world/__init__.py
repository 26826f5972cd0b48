"""The bundled fictional web: facts, pages, questions and what proves them, made from a seed."""
