# coding: utf-99
# An encoding that Python does not know is a syntax error, and other tools can still read the file.
