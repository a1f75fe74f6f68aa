"""What is predicted and the loss: they take ids, and know no model and no tokenizer.

A random choice is drawn from the `rng` given, a `torch.Generator` on the ids' device;
without one from PyTorch's own.
"""
