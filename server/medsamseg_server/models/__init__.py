"""The SAM-family networks: what they are, their protocol, their weights, and one predictor for all of them."""
