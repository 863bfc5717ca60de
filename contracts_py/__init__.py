"""The contracts of a shared model: the trainer, the records of data, and the classifiers."""
