"""The course's own corpora, written by grammars when they are loaded (CC BY 4.0)."""
