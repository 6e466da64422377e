from . import notebook as notebook
from . import projects as projects
from . import roadmap as roadmap
from . import strengths as strengths
from . import survey as survey
from .batch.run import run as run
from .files import reload as reload
from .models.budgets import budget_to_reduction as budget_to_reduction
from .models.comparison import compare as compare
from .models.compensation import compensate as compensate
from .models.consistency import consistency as consistency
from .models.conversion import convert as convert
from .models.downscaling import keys as keys
from .models.dynamics import dynamics as dynamics
from .models.factors import identity as identity
from .models.gaps import shortfall as shortfall
from .models.interactions import interactions as interactions
from .models.nomenclatures import crosswalk as crosswalk
from .models.nomenclatures import levers as levers
from .models.panorama import panorama as panorama
from .models.panorama import place as place
from .models.panorama import shares as shares
from .models.panorama import totals as totals
from .models.pathways import pathways as pathways
from .models.scenario import simulate as simulate
from .models.scenario_file import from_json as from_json
from .models.scenario_file import to_json as to_json
from .models.uncertainty import uncertainty as uncertainty
from .presentation.documents import charts as charts
from .presentation.documents import report as report
from .presentation.documents import section as section
from .presentation.documents import table as table
from .presentation.documents import write_workbook as write_workbook
from .reference.territories import territories as territories
from .simulator.widget import Simulator as Simulator

__version__: str
DATA_VERSION: str
