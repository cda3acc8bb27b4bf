"""The compiled checker: one pass over the bytes, driven by arrays that are made from layouts, tables and rules."""
