"""Owns the report: insights as one HTML file that needs nothing else, with its charts' script inside."""

from pathlib import Path

from bokeh.embed import components
from bokeh.model import Model
from bokeh.resources import Resources
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.trends.answers import InsightsAnswer
from api.trends.charts import charts
from api.trends.looks import LIGHT

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def report(answer: InsightsAnswer, asked: dict[str, str]) -> str:
    """The file; `asked` names what narrowed the question, for people to read."""
    found: dict[str, Model] = {**charts(answer, LIGHT)} if answer.detections else {}
    script, places = components(found) if found else ("", {})
    return _templates.get_template("report.html").render(
        answer=answer,
        asked=asked,
        script=Markup(script),  # noqa: S704 - Bokeh's own; texts in it are JSON with < and & escaped
        places={name: Markup(place) for name, place in places.items()},  # noqa: S704
        kit=Markup(Resources(mode="inline", components=["bokeh"]).render_js()) if found else "",  # noqa: S704
    )
