from .priorities import of_returns as of_returns
from .priorities import read as read
from .priorities import read_returns as read_returns
from .priorities import write_template as write_template
from .recensement import Recensement as Recensement
from .recensement import recensement as recensement
