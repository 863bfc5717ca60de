"""Incentive mechanisms: what adding data costs, and who is paid."""
