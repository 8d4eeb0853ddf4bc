"""LiteMedSAM as the product runs it on the processor, loaded once in a process for all tests that take it."""

from functools import cache

from medsamseg_server.runtime import choice


@cache
def loadOnce(specification, weights, device):
    """:return: the predictor of a model, as an engine's `load_predictor`; loading takes a second."""
    return choice.load_predictor(specification, weights, device)
