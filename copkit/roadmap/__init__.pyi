from .actions import read_actions as read_actions
from .actions import read_returns as read_returns
from .actions import write_template as write_template
from .assessment import assess as assess
from .assessment import by_lever as by_lever
from .assessment import overlaps as overlaps
