"""LibCST over the parts of a file that matter, spliced back byte for byte."""
