"""The pages of institutions at the desk."""
