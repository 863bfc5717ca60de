"""What transactions cost: by contract and method, by kind of cost, and in money."""

from chain.gas_report.price import GasPrice, decimal_text
from chain.gas_report.report import GasReport
from chain.gas_report.rows import Row, Spread
from chain.gas_report.table import aligned

__all__ = ["GasPrice", "GasReport", "Row", "Spread", "aligned", "decimal_text"]
