"""What stops a report from being built. A report that cannot be true is not built at all."""

from protocols.errors import EquipoiseError


class ReportError(EquipoiseError):
    """Its codes stand in this room's README."""

    exit_status = 6
