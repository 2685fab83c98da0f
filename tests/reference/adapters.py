"""Every word of the case files that has code behind it."""

from tests.reference.adapter_diagnostic import DIAGNOSTIC
from tests.reference.adapter_discrimination import DISCRIMINATION
from tests.reference.adapter_endpoints import ENDPOINTS
from tests.reference.adapter_probabilities import PROBABILITIES
from tests.reference.adapter_safety import SAFETY
from tests.reference.adapter_sequential import SEQUENTIAL
from tests.reference.compare import Adapter

ADAPTERS: dict[str, Adapter] = {
    **ENDPOINTS,
    **DISCRIMINATION,
    **DIAGNOSTIC,
    **PROBABILITIES,
    **SAFETY, **SEQUENTIAL,
}
