"""La feuille de route : les fiches action, leurs critères, ce qu'elles changent."""

import lazy_loader

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
