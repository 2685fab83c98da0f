"""From a look's results to the whole page as data. Pure: the same bytes give the same page."""

from reports.alarms_section import alarms_section
from reports.analyses_section import analyses_section
from reports.audit_section import audit_section, reading_section
from reports.blocks import Page, Section, Text
from reports.conduct_sections import (
    deviations_section,
    discrimination_section,
    flow_section,
    limits_section,
    missing_section,
    refusals_section,
    safety_section,
    subgroups_section,
)
from reports.course_section import course_section
from reports.endpoint_part import endpoint_part
from reports.leadership import leadership_of
from reports.operations_section import operations_section
from reports.protocol_section import protocol_section
from reports.reading import Reading, read_results
from reports.size_section import size_section


def page_of(source: bytes) -> Page:
    """The page of one `results.json`.

    Raises `ReportError` where the results cannot be read or their counts do not reconcile.
    """
    reading = read_results(source)
    facts = reading.results.facts
    leadership = leadership_of(reading)  # first: it holds figure 1
    sections = (
        reading_section(reading),
        flow_section(reading),
        course_section(reading),
        _endpoints(reading),
        size_section(reading),
        analyses_section(reading),
        discrimination_section(reading),
        safety_section(reading),
        alarms_section(reading),
        subgroups_section(reading),
        missing_section(reading),
        deviations_section(reading),
        refusals_section(reading),
        operations_section(reading),
        limits_section(reading),
        protocol_section(reading),
        audit_section(reading),
    )
    return Page(
        title=facts.title,
        trial=f"{facts.acronym}, look {facts.look}",
        leadership=leadership,
        sections=tuple(section for section in sections if section is not None),
    )


def _endpoints(reading: Reading) -> Section:
    parts = tuple(endpoint_part(reading, h) for h in reading.results.hypotheses)
    intro = Text(
        "Every endpoint in the same order: verdict, interval against margin, numbers by "
        "population, paired table, boundaries, sensitivity, missing outcomes."
    )
    return Section("endpoints", "Results by endpoint", (intro, *parts))
