"""The words for methods that a protocol may use, and what each must fix beforehand."""
