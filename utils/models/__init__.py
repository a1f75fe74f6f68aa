"""The architectures, one a module, each composed of `utils.nn`."""
