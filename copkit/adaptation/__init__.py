"""L'adaptation : les priorités recensées, les 22 leviers du SGPE, ce que les sources publient d'un territoire."""

import lazy_loader

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
