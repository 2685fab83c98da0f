"""The words for methods that a protocol may use, and what each must fix beforehand.

`table` gathers them; it is not imported here, because the families import this package.
"""
