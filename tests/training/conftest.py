"""Transformers' own messages are not what these tests are about."""

import transformers

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
