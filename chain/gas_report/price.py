"""What gas costs in money, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from chain.errors import InvalidValue
from chain.units import ether, gwei
from chain.values import shown

# Of a rate, before the point and after it: more than any currency needs.
MOST_DIGITS = 30

DIGITS_OF_WEI = 18


class GasPrice:
    """What gas costs.

    Parameters
    ----------
    wei
        Per gas.
    rate
        What an ether is worth. An exact number: an int, a Decimal or text, and never a float.
    currency
        What the rate is in.

    Raises
    ------
    InvalidValue
        For what is no such number, or negative.
    """

    def __init__(self, wei: int, rate: int | str | Decimal = 1, currency: str = "ether") -> None:
        if type(wei) is not int or wei < 0:
            raise InvalidValue(f"a gas price of {shown(wei)}: give whole wei, 0 or more")
        self.wei = wei
        self.rate = _exact(rate, "a rate")
        self.currency = currency

    @classmethod
    def parse(cls, price_gwei: str, rate: str = "1 ether") -> GasPrice:
        """Read a price in gwei and a rate with its currency, like "0.5" and "373 USD"."""
        wei = _exact(price_gwei, "a gas price") * gwei
        if wei != int(wei):
            raise InvalidValue(f"a gas price of {price_gwei} gwei is no whole number of wei")
        number, _, currency = rate.strip().partition(" ")
        if not currency.strip():
            raise InvalidValue(f"a rate of {shown(rate)}: say in what, as in '373 USD'")
        return cls(int(wei), number, currency.strip())

    def of(self, gas: int | Fraction) -> Fraction:
        """What that much gas costs, in the currency."""
        return gas * self.wei * Fraction(self.rate) / ether

    def exact(self, gas: int) -> str:
        """What that much gas costs, with all its decimals."""
        digits = DIGITS_OF_WEI + MOST_DIGITS
        return decimal_text(self.of(gas), digits).replace(",", "").rstrip("0").rstrip(".")

    def __str__(self) -> str:
        price = decimal_text(Fraction(self.wei, gwei), 9).rstrip("0").rstrip(".")
        if self.currency == "ether" and self.rate == 1:
            return f"{price} gwei"
        return f"{price} gwei and {self.rate:,f} {self.currency} per ether"


def _exact(number: int | str | Decimal, name: str) -> Decimal:
    """A number as it was written; raises InvalidValue for floats, and for what is out of range."""
    wrong = InvalidValue(
        f"{name} of {shown(number)}: give a number of 0 or more, as an int, text or Decimal"
    )
    if isinstance(number, bool) or not isinstance(number, int | str | Decimal):
        raise wrong
    try:
        exact = Decimal(number)
    except InvalidOperation:
        raise wrong from None
    if not exact.is_finite() or exact < 0 or exact >= 10**MOST_DIGITS:
        raise wrong
    if int(exact.as_tuple().exponent) < -MOST_DIGITS:
        raise wrong
    return exact


def decimal_text(amount: Fraction, places: int) -> str:
    """Write an amount of 0 or more with that many decimals, rounded to the nearest."""
    units = round(amount * 10**places)
    whole, rest = divmod(units, 10**places)
    return f"{whole:,}.{rest:0{places}}" if places else f"{whole:,}"


def places_for(amounts: Iterable[Fraction]) -> int:
    """How many decimals show three digits of the smallest amount that is not 0; two or more."""
    smallest = min((amount for amount in amounts if amount), default=Fraction(1))
    places = 2
    while smallest * 10**places < 100 and places < DIGITS_OF_WEI:
        places += 1
    return places
