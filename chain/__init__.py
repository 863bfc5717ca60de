"""A blockchain in one Python process: accounts, blocks, gas, and contracts in plain Python."""

from chain.account import Account
from chain.chain import Chain
from chain.deployed import Deployed
from chain.encoding import encode
from chain.gas import Reason
from chain.receipt import Log, Receipt
from chain.transaction import SignedTransaction, Transaction

__all__ = [
    "Account",
    "Chain",
    "Deployed",
    "Log",
    "Reason",
    "Receipt",
    "SignedTransaction",
    "Transaction",
    "encode",
]
