"""What replicas tell of themselves, added up as if they were one server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from medsamseg_server.serving.status_contract import Places, Queue, Status

#: Of these every replica tells the same.
_SAME_EVERYWHERE = {"medsamseg_users"}


def total_status(each: Sequence[Status]) -> Status:
    """Return the state of all replicas, at least one, as that of one server."""
    volumes = {volume.key: volume for status in each for volume in status.own.volumes}
    own = each[0].own.model_copy(
        update={
            "volumes": list(volumes.values()),
            "jobs": [job for status in each for job in status.own.jobs],
            "memory_bytes": sum(status.own.memory_bytes for status in each),
        }
    )
    places = [status.places for status in each if status.places is not None]
    there = Places(taken=sum(one.taken for one in places), most=sum(one.most for one in places)) if places else None
    queue: Counter[str] = Counter()
    for status in each:
        queue.update(status.queue.model_dump())
    work = Queue(**{name: queue[name] for name in Queue.model_fields})
    return Status(own=own, places=there, queue=work)


def total_metrics(texts: Sequence[str]) -> str:
    """Return the numbers of all replicas for Prometheus as those of one server, and how many replicas there are."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Totals(texts))
    return generate_latest(registry).decode()


class _Totals:
    """Adds up numbers of the same name and labels."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily
        from prometheus_client.parser import text_string_to_metric_families

        families: dict[str, Any] = {}
        values: dict[str, dict[Any, float]] = {}
        for text in self._texts:
            for family in text_string_to_metric_families(text):
                families.setdefault(family.name, family)
                sums = values.setdefault(family.name, {})
                for sample in family.samples:
                    place = (sample.name, tuple(sorted(sample.labels.items())))
                    known = sums.get(place, 0.0)
                    is_same = family.name in _SAME_EVERYWHERE
                    sums[place] = max(known, sample.value) if is_same else known + sample.value
        for name, family in families.items():
            family.samples = []
            for (sample, labels), value in values[name].items():
                family.add_sample(sample, dict(labels), value)
            yield family
        yield GaugeMetricFamily("medsamseg_replicas", "Replicas that answer", len(self._texts))
