"""The models of transformers, a module for each architecture that we have.

Each says how transformers names the parameters, as a `KeyMap` with Hugging Face's names
on the left and ours on the right, and how our configuration is read from theirs. Its
`HF_MODELS` has the classes by their names; `supported` finds them by looking here.
"""
