"""The package behind Inside Transformers: every architecture from the same few parts.

======================  ==========================================================
``utils.nn``            building blocks that know no paper: attention, masks,
                        recurrent cells
``utils.ledger``        what models cost: parameters, operations, bytes, by formulas
``utils.objectives``    what is predicted and the loss, from BERT's masks on
``utils.tokenizers``    text to ids: BPE, GPT-2's bytes, BERT's WordPiece, trained
``utils.data``          one loader a data set
``utils.pretrained``    real weights, checked by their checksum
``utils.viz``           figures with alt text, interactive ones without a kernel
``utils.runtime``       what a notebook starts with: device, seed, progress
``utils.grading``       checks for learners, grades for a class
``utils.notebooks``     running, comparing and releasing the course's notebooks
======================  ==========================================================

Importing the package loads nothing but itself; each part loads what it needs.
"""

__version__ = "0.1.0"
