"""Mutation testing: small faults put one at a time into a module; do the tests of its part see them?

Started by hand (docs/fiabilite.md); nothing is written to the checkout: each mutant lives in a process of its own,
whose import of the module gives the faulty code. The operators are those of cosmic-ray.
"""

import argparse
import importlib.machinery
import os
import random
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 60  # processor time of a mutant [s]; beyond, it is seen: a loop that does not end
# Faults that change what is computed, not how: no annotation, no decorator, no variable drawn at random.
KINDS = r"core/(Replace(Binary|Comparison)Operator_(?!Bit)\w+_(Add|Sub|Mul|Div|Eq|NotEq|Lt|LtE|Gt|GtE)"
KINDS += r"|ReplaceUnaryOperator_Delete\w+|AddNot|Replace(True|False|And|Or|Break|Continue)With\w+|NumberReplacer)$"
PARTS = {  # module: the tests of its part, the nearest first
    "models/levers": "physics panorama conversion simulation",
    "models/panorama": "panorama downscaling physics",
    "models/downscaling": "downscaling panorama",
    "models/conversion": "conversion simulation",
    "models/scenario": "simulation compensation",
    "models/gaps": "simulation compensation",
    "models/limits": "simulation compensation",
    "models/compensation": "compensation",
    "models/comparison": "comparison",
    "models/dynamics": "dynamics",
    "models/consistency": "consistency",
    "models/interactions": "interactions",
    "models/uncertainty": "uncertainty",
    "models/budgets": "comparison",
    "models/official": "conversion",
    "projects/sorting/rules": "criteria triage",
    "projects/sorting/criteria": "criteria triage",
    "projects/sorting/reasons": "triage criteria",
    "projects/sorting/sort": "triage criteria",
    "projects/reconciliation": "reconciliation",
    "strengths": "strengths",
    "adaptation/recensement": "adaptation",
    "projects/counting/balance": "balance",
    "projects/counting/coverage": "coverage",
    "projects/counting/crossing": "crossing",
    "roadmap/followup": "followup",
    "survey/analysis": "survey survey_presentation",
}


def mutants(path, count, seed):
    """``count`` mutants of a module drawn at random, at most one for each place: line, before, after, whole code."""
    from cosmic_ray import ast, mutating, plugins

    source = path.read_text(encoding="utf-8")
    tree = ast.get_ast(source)
    places = {}
    for name in filter(re.compile(KINDS).match, sorted(plugins.operator_names())):
        operator = plugins.get_operator(name)()
        found = [place for node in ast.ast_nodes(tree) for place in operator.mutation_positions(node)]
        for occurrence, place in enumerate(found):
            places.setdefault(place, []).append((operator, occurrence))
    drawn = random.Random(f"{seed} {path.stem}")
    for place in drawn.sample(sorted(places), min(count, len(places))):
        code = mutating.mutate_code(source, *drawn.choice(places[place]))
        old, new = source.splitlines(), code.splitlines()
        line = next(n for n, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b)
        yield line, old[line - 1].strip(), new[line - 1].strip(), code


def start(path, code, tests, marks):
    """The process that runs the tests on a mutant; its end is 0 where no test saw the fault."""
    child = os.fork()
    if child:
        return child
    import resource

    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    real = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader, name):
        mine = loader.path == str(path)
        return compile(code, loader.path, "exec", dont_inherit=True) if mine else real(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    files = [f"tests/test_{name}.py" for name in tests.split()]
    os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-m", marks, *files]))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("modules", nargs="*", default=list(PARTS), help="ex. models/conversion")
    options.add_argument("--count", type=int, default=10, help="mutants of each module")
    options.add_argument("--first", type=int, default=0, help="leave out so many mutants of each module")
    options.add_argument("--seed", type=int, default=2030)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--marks", default="", help="as pytest -m, ex. « not long »")
    options = options.parse_args()
    os.chdir(ROOT)
    import hypothesis.extra.pandas  # noqa: F401
    import pydantic  # noqa: F401  (imported once, before the processes part)
    import scipy.optimize  # noqa: F401
    import xarray  # noqa: F401

    paths = {module: ROOT / f"copkit/{module}.py" for module in options.modules}
    drawn = {m: list(mutants(path, options.count, options.seed))[options.first :] for m, path in paths.items()}
    longest = max(map(len, drawn.values()))
    work = [(m, found[n]) for n in range(longest) for m, found in drawn.items() if n < len(found)]  # each in turn
    running, seen = {}, {module: [] for module in paths}
    while work or running:
        while work and len(running) < options.jobs:
            module, mutant = work.pop(0)
            running[start(paths[module], mutant[3], PARTS[module], options.marks)] = module, mutant
        child, status = os.wait()
        status = os.waitstatus_to_exitcode(status)
        if status not in (0, 1, 2) and status >= 0:  # below zero: beyond the limit
            sys.exit(f"The tests did not run (pytest ends with {status}).")
        module, (line, old, new, _) = running.pop(child)
        seen[module].append(status != 0)
        print(f"{'seen    ' if status else 'SURVIVED'} {module}:{line}\n    {old}\n    {new}", flush=True)
        print(f"  {module}: {sum(seen[module])}/{len(seen[module])}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
