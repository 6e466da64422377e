"""Le questionnaire des collectivités : ses actions, les réponses reçues, ce qu'elles disent des leviers."""

import lazy_loader

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
