"""What stops a report from being built. A report that cannot be true is not built at all."""

from protocols.errors import EquipoiseError


class ReportError(EquipoiseError):
    """Codes: REPORT_UNREADABLE, REPORT_UNRECONCILED, REPORT_FOLDER_OCCUPIED, REPORT_NO_LOOK."""

    exit_status = 6
