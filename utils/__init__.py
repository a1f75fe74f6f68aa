"""The package behind Inside Transformers: every architecture from the same few parts.

======================  ==========================================================
``utils.nn``            building blocks that know no paper: attention, masks,
                        recurrent cells
``utils.models``        the architectures, one a module, each composed of these blocks
``utils.objectives``    what is predicted and the loss, from BERT's masks on
``utils.tokenizers``    text to ids: BPE, GPT-2's bytes, BERT's WordPiece, trained
``utils.data``          one loader a data set
``utils.training``      weight decay, schedules, a loop that resumes, fine-tuning
``utils.generation``    one token after the other: greedy, sampled, beam search
``utils.pretrained``    real weights: transformers' models as ours, checked files
``utils.ledger``        what models cost: parameters, operations, bytes, by formulas
``utils.viz``           figures with alt text, interactive ones without a kernel
``utils.runtime``       what a notebook starts with: device, seed, progress
``utils.grading``       checks for learners, grades for a class
``utils.notebooks``     running, comparing and releasing the course's notebooks
======================  ==========================================================

The order is the one to read in. ``nn`` imports nothing of the others and ``models``
only ``nn``; what a model is called elsewhere stands in ``pretrained``.

Importing the package loads nothing but itself; each part loads what it needs.
"""

__version__ = "0.1.0"
