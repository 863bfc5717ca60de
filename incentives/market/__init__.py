"""The parts of the prediction market, from its books up; see ``incentives.prediction_market``."""
