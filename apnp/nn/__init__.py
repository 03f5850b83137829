"""Building blocks of backbones: plain tensors in, plain tensors out."""
