"""The sample models that there are, in the order in which they are shown."""

from core.samples import bike_days, digits, machine_check, subscriptions
from core.samples.sample import Sample

SAMPLES: tuple[Sample, ...] = (
    subscriptions.SAMPLE,
    machine_check.SAMPLE,
    bike_days.SAMPLE,
    digits.SAMPLE,
)
