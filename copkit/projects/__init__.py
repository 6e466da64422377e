"""Les projets locaux : lus, triés, comptés, rapprochés des objectifs, repris en atelier."""

import lazy_loader

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
