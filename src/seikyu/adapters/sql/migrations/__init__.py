"""The schema's history: `NNNN_pre_…` runs before the new program, `NNNN_post_…` after the last old one is gone."""
