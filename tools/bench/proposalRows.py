"""Proposals of a picture beside segment-anything's own generator."""

from bench.contenders import WORKER, Contender, inTurns, quartiles, ratio

PROPOSAL_WORKER = WORKER.with_name("proposalWorker.py")
MODEL = "mobilesam"
ROUNDS = 3
#: Points along a side: a quarter of the default's points, since the generator takes minutes for those.
POINTS = 16


def measureProposals(weights, quick=False):
    """Return ({row: quartiles of seconds}, {ratio: value}) of a search, encoding included.

    :param weights: file of MobileSAM's weights; random ones would find nothing, which costs less.
    :param quick: one round with few points, to see whether everything runs.
    """
    names = ("segment_anything", "medsamseg")
    contenders = [Contender(name, MODEL, weights, "default", PROPOSAL_WORKER) for name in names]
    try:
        seconds = inTurns(contenders, f"propose {2 if quick else POINTS}", 1 if quick else ROUNDS)
    finally:
        for contender in contenders:
            contender.end()
    rows = {f"{MODEL} proposals, {name}": quartiles(values) for name, values in seconds.items()}
    return rows, {"proposals_vs_segment_anything": ratio(seconds, *names)}
