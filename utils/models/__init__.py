"""The architectures, one a module, each composed of `utils.nn`.

A module has its configuration, then the parts, the model, and the model with heads. To
read first: `bert` for an encoder, `gpt2` for a decoder, `bart` for both. What they have
in common stands in `encoder_decoder`, `tasks` (heads) and `output` (what a forward pass
returns).
"""
