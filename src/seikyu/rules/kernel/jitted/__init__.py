"""What is compiled: each file stands alone, because Numba keeps what it compiled by the date of a file."""
