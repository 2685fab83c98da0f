"""The only door to jinja2: page data in, one self-contained HTML file out.

Every value is escaped, an unknown name is an error, and the templates are fixed files. Only a
figure's SVG is inserted as it is; `figures.svg` has escaped its text.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from reports.blocks import DesignPage, Page

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def render(page: Page) -> bytes:
    """The page as HTML in UTF-8."""
    return _template("report.html.jinja").render(page=page).encode()


def render_design(page: DesignPage) -> bytes:
    """The page of a design as HTML in UTF-8."""
    return _template("design.html.jinja").render(page=page).encode()
