"""How models are measured where no well-kept library does it: one module a protocol."""
