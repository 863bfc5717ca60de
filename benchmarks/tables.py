"""Numbers in tables."""


def cell(value: float | None, decimals: int, width: int = 10) -> str:
    """Write a number as wide as its column, or a dash for one that there is not."""
    return f"{'-' if value is None else f'{value:,.{decimals}f}':>{width}}"
