"""Published studies that run again: training, evaluation, tables and figures."""
