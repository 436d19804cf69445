"""Which Slipway this is."""

VERSION = "0.1.0"
