"""Units of money and time, as plain integers: amounts are in wei, durations in seconds."""

wei = 1
gwei = 10**9
ether = 10**18

seconds = 1
minutes = 60
hours = 60 * minutes
days = 24 * hours
weeks = 7 * days
