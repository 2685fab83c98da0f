"""Every word of the case files that has code behind it."""

from tests.reference.adapter_agreement import AGREEMENT
from tests.reference.adapter_clusters import CLUSTERS
from tests.reference.adapter_continuous import CONTINUOUS
from tests.reference.adapter_diagnostic import DIAGNOSTIC
from tests.reference.adapter_discrimination import DISCRIMINATION
from tests.reference.adapter_endpoints import ENDPOINTS
from tests.reference.adapter_events import EVENTS
from tests.reference.adapter_missing import MISSING
from tests.reference.adapter_monitoring import MONITORING
from tests.reference.adapter_multiplicity import MULTIPLICITY
from tests.reference.adapter_probabilities import PROBABILITIES
from tests.reference.adapter_proportions import PROPORTIONS
from tests.reference.adapter_safety import SAFETY
from tests.reference.adapter_sequential import SEQUENTIAL
from tests.reference.adapter_sequential_ahead import AHEAD
from tests.reference.adapter_simulation import SIMULATION
from tests.reference.adapter_size import SIZE
from tests.reference.adapter_subgroups import SUBGROUPS
from tests.reference.compare import Adapter

ADAPTERS: dict[str, Adapter] = {
    **ENDPOINTS,
    **AGREEMENT,
    **EVENTS,
    **MISSING,
    **SUBGROUPS,
    **DISCRIMINATION,
    **DIAGNOSTIC,
    **PROBABILITIES,
    **SAFETY,
    **SEQUENTIAL,
    **AHEAD,
    **MULTIPLICITY,
    **SIZE,
    **PROPORTIONS,
    **CLUSTERS,
    **CONTINUOUS,
    **MONITORING,
    **SIMULATION,
}
