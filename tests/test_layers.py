"""Imports run one way: every module may see only what stands before it in the list."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent

PACKAGES = ["chain", "contracts_py", "incentives", "offchain", "simulation", "examples"]

# From the ground up. A folder stands for all its modules.
ENGINE = [
    "compute",
    "units",
    "garbage",
    "errors",
    "array",
    "values",
    "types",
    "crypto",
    "encoding",
    "proof",
    "merkle",
    "cells",
    "forks",
    "gas",
    "journal",
    "state",
    "host",
    "contract",
    "trace",
    "transaction",
    "account",
    "receipt",
    "block",
    "roots",
    "vm",
    "executor",
    "mempool",
    "ledger",
    "logs",
    "gas_report",
    "deployed",
    "chain",
    "testing",
]
LANGUAGE = [
    "vector",
    "calling",
    "member_prices",
    "method",
    "operations",
    "source",
    "records",
    "sequences",
    "storage",
    "structs",
    "arrays",
    "lists",
    "fields",
    "rules",
    "reference",
    "listing",
    "checker",
    "pricing",
    "size",
    "inlining",
    "expressions",
    "compiler",
    "making",
    "contract",
    "kernels",
]
SIMULATION = [
    "data",
    "named",
    "decisions",
    "policies",
    "agents",
    "mechanism",
    "market",
    "mechanisms",
    "training",
    "evaluation",
    "events",
    "experiment",
    "outcome",
    "recorder",
    "state",
    "dealing",
    "traces",
    "world",
    "visits",
    "run",
    "counterfactual",
    "intervals",
    "results_file",
    "workers",
    "sweep",
    "summary",
    "scenarios",
    "plots",
    "terminal",
    "command_line",
    "reports",
    "__main__",
]


def imports(path: Path) -> list[str]:
    """Modules a file imports when it runs; those for the type checker alone do not count."""
    found: list[str] = []
    pending: list[ast.AST] = list(ast.parse(path.read_text()).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return found


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def rank(order: list[str], module: str, prefix: str) -> int:
    name = module.removeprefix(prefix).split(".")[0]
    assert name in order, f"{module} has no place in the order of {prefix or 'packages'}"
    return order.index(name)


def check(order: list[str], prefix: str, paths: list[Path]) -> None:
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts)
        own = rank(order, module, prefix)
        for imported in imports(path):
            if imported.startswith(prefix) and imported.split(".")[0] in PACKAGES:
                assert rank(order, imported, prefix) <= own, f"{module} imports {imported}"


def test_packages_know_only_those_below() -> None:
    for package in PACKAGES:
        check(PACKAGES, "", files(package))


def test_the_engine_knows_no_machine_learning_and_nothing_of_ours() -> None:
    for path in files("chain"):
        for imported in imports(path):
            assert imported.split(".")[0] not in {"sklearn", "matplotlib", *PACKAGES[1:]}, path


def test_modules_of_the_engine_know_only_those_below() -> None:
    check(ENGINE, "chain.", [path for path in files("chain") if path.name != "__init__.py"])


def test_modules_of_the_contract_language_know_only_those_below() -> None:
    paths = [path for path in files("chain/contract") if path.name != "__init__.py"]
    check(LANGUAGE, "chain.contract.", paths)


def test_modules_of_the_simulation_know_only_those_below() -> None:
    paths = [path for path in files("simulation") if path.name != "__init__.py"]
    check(SIMULATION, "simulation.", paths)


def test_there_are_no_imports_inside_functions() -> None:
    for package in [*PACKAGES, "tests", "benchmarks"]:
        for path in files(package):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    for node in ast.walk(function):
                        assert not isinstance(node, ast.Import | ast.ImportFrom), (
                            f"{path}:{node.lineno}: an import inside a function"
                        )
