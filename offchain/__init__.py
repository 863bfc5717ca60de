"""What happens off the chain: models and data on their way to the contracts and back."""
