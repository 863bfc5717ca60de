"""Data for simulations, in the form that contracts take.

``simulation.data.catalogue.load`` finds a data set by name. What is random follows the seed that is
given; nothing is downloaded, and nothing written. What scikit-learn is needed for says so where it
is missing.
"""
