"""The errors a user may meet: each names the place, the value, the rule, the remedy."""


class ApnpError(Exception):
    """Base of every error that the command line reports without a traceback."""


class DataError(ApnpError):
    """A file or table of observations breaks a rule of its format or of its quality."""


class ConfigError(ApnpError):
    """A configuration or command-line argument breaks a rule."""


class CheckpointError(ApnpError):
    """A run folder or checkpoint is missing, damaged, or does not fit its use."""
