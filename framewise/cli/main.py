"""Owns the command `framewise`: its commands, its exit statuses, and where it finds the service.

0: done. 1: the service said no, or the analysis did not complete. 2: wrong usage. 3: the service does not answer.
"""

import os
import sys
from typing import Annotated

import typer

import framewise
from framewise.cli import camera, clip, control, feeds, insights, listen, read, report, submit, top, watch
from framewise.cli.options import Session
from framewise.cli.output import Output
from framewise.connection import DEFAULT_URL
from framewise.errors import FramewiseError, Refused, Unreachable

REFUSED, USAGE, UNREACHABLE = 1, 2, 3

app = typer.Typer(
    name="framewise",
    help="Analyse videos with a Framewise service: submit them, follow them, read what was found.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(submit.submit)
app.command()(watch.watch)
app.command()(watch.live)
app.command()(camera.camera)
app.command()(listen.listen)
app.command("list")(read.list_videos)
app.command()(read.results)
app.command()(read.frame)
app.command()(read.export)
app.command()(clip.clip)
app.command()(insights.summary)
app.command()(insights.failures)
app.command()(insights.search)
app.command()(insights.compare)
app.command("insights")(report.show)
app.command()(report.report)
app.command()(submit.rerun)
app.command()(feeds.feeds)
app.command()(top.top)
app.command()(control.cancel)
app.command()(control.retry)
app.command()(control.delete)
app.command()(read.models)


def _local_url() -> str:
    """The service of this machine, where `./run.sh` starts it."""
    port = os.environ.get("FRAMEWISE_API_PORT")
    return f"http://127.0.0.1:{port}" if port else DEFAULT_URL


@app.callback()
def _service(
    context: typer.Context,
    url: Annotated[
        str,
        typer.Option(
            default_factory=_local_url,
            envvar="FRAMEWISE_URL",
            help="the service's address",
            show_default="this machine's",
        ),
    ],
    key: Annotated[
        str | None, typer.Option(envvar="FRAMEWISE_KEY", show_envvar=True, help="an API key, where one is asked for")
    ] = None,
) -> None:
    try:
        client = framewise.Client(url, key or None)
    except ValueError as e:
        raise typer.BadParameter(str(e), param_hint="--url") from e
    context.obj = Session(context.with_resource(client))


@app.command()
def version(context: typer.Context) -> None:
    """Show the version of this command."""
    typer.echo(f"framewise {framewise.__version__}")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    output = Output()
    try:
        app(arguments, prog_name="framewise")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else REFUSED
    except Unreachable as e:
        output.note(f"error: {e}", "bold red")
        return UNREACHABLE
    except Refused as e:
        output.problem(e.problem)
        return REFUSED
    except (FramewiseError, OSError) as e:
        output.note(f"error: {e}", "bold red")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
