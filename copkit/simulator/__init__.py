"""The simulator: what the browser shows of a territory's levers, and what answers it."""

import sys
from types import ModuleType
from warnings import warn


class _Former(ModuleType):
    """``ck.simulator(…)``, the name of ``ck.Simulator`` in version 0.4, until 0.6."""

    def __call__(self, *args, **kwargs):
        from copkit.simulator.widget import Simulator

        said = "ck.simulator(…) s'appelle désormais ck.Simulator(…) ; l'ancien nom disparaîtra à la version 0.6."
        warn(said, DeprecationWarning, stacklevel=2)
        return Simulator(*args, **kwargs)


sys.modules[__name__].__class__ = _Former
