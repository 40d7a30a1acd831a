"""The command line.  Exit codes: 0 good, 1 stale or not verified, 2 wrong use."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derive.catalogue import ALL, IDS, UnknownResult, entry
from derive.entries import ARTICLES, unknown

if TYPE_CHECKING:
    from derive.document.notation import Notation

DETAILS = ("brief", "standard", "full")
SLOW = 2.0


class Command(click.Group):
    """Turns the package's own errors into one line and exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        """Run a subcommand."""
        try:
            return super().invoke(context)
        except UnknownResult as error:
            raise click.UsageError(str(error)) from error
        except BrokenPipeError:
            sys.stderr.close()
            return None


def _ids(given: tuple[str, ...]) -> tuple[str, ...]:
    """The ids asked for, or all of them; wrong ones are refused with the nearest."""
    for id in given:
        if id in ARTICLES:
            raise UnknownResult(f"{id} is an article: derive build {id} writes it")
    return tuple(entry(id).id for id in given) or IDS


def _buildable(given: tuple[str, ...]) -> tuple[str, ...]:
    """Results and articles asked for, or all of them."""
    for id in given:
        if id not in ARTICLES and id not in IDS:
            raise unknown(id, (*IDS, *ARTICLES))
    return given or (*IDS, *ARTICLES)


def _notation(source: str | None) -> Notation | None:
    """The reader's notation; a wrong one is wrong use."""
    if source is None:
        return None
    from derive.document.reader import load_notation
    from derive.document.render import NotationError

    try:
        return load_notation(source)
    except NotationError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _progress(total: int, what: str) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr that appears only when the work takes longer than two seconds.

    What it yields is told each thing that was done, or, with ``advance=0``, that was begun.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True,
    )  # fmt: skip
    task = bar.add_task(what, total=total)
    start, shown = time.monotonic(), False

    def step(label: str, advance: int = 1) -> None:
        nonlocal shown
        bar.update(task, advance=advance, description=f"{what}: {label}")
        if not shown and time.monotonic() - start > SLOW and console.is_terminal:
            bar.start()
            shown = True
        elif not console.is_terminal and time.monotonic() - start > SLOW:
            click.echo(f"{what}: {label}", err=True)

    try:
        yield step
    finally:
        if shown:
            bar.stop()


@click.group(
    cls=Command,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:  derive list  ·  derive show kl-normal  ·  derive build  ·  "
    "derive code kl-diagonal-normal-standard --target torch --parameters logvar",
)
@click.version_option(package_name="derive")
def main() -> None:
    """Closed forms of divergences, derived from the integral in checked steps.

    The same checked chain is printed as a document, taught step by step, and run as code.
    """


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on stdout.")
def list_(as_json: bool) -> None:
    """List what can be derived."""
    if as_json:
        rows = [{"id": e.id, "title": e.title, "formula": e.formula} for e in ALL]
        click.echo(json.dumps({"results": rows}, ensure_ascii=False, indent=2))
        return
    width = max(len(e.id) for e in ALL)
    for e in ALL:
        click.echo(f"{e.id:<{width}}  {e.formula:<42}  {e.title}")
    for id, title in ARTICLES.items():
        click.echo(f"{id:<{width}}  {'an article: derive build ' + id:<42}  {title}")


FORMATS = ("text", "markdown", "myst", "latex", "slides", "html", "notebook", "json")
NOTATION = "A preset (vae, statistics, bishop) or a TOML file with the names to use."


@main.command(
    epilog="Examples:  derive show kl-normal --detail brief --format latex  ·  "
    "derive show kl-diagonal-normal-standard --notation vae"
)
@click.argument("id")
@click.option("--detail", type=click.Choice(DETAILS), default="standard", show_default=True)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True,
    help="json is the certificate.",
)  # fmt: skip
@click.option("--notation", help=NOTATION)
def show(id: str, detail: str, form: str, notation: str | None) -> None:
    """Show the derivation of ID, step by step."""
    from derive import catalogue
    from derive.codegen.approximations import whole_certificate
    from derive.derivation import dumps
    from derive.document import render
    from derive.kernel import Detail

    found = catalogue.result(_ids((id,))[0])
    if form == "json":
        click.echo(dumps(whole_certificate(found)), nl=False)
        return
    writers: dict[str, Callable[..., str]] = {
        "text": render.text,
        "markdown": render.markdown,
        "myst": render.myst,
        "latex": render.fragment,
        "slides": render.slides,
        "html": render.html,
        "notebook": render.jupyter,
    }
    try:
        click.echo(writers[form](found, detail=Detail[detail.upper()], notation=_notation(notation)))
    except render.NotationError as error:
        raise click.UsageError(str(error)) from error


@main.command(epilog="Examples:  derive build  ·  derive build kl-normal -o out  ·  derive build --check")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("generated"),
    show_default=True, help="Folder that holds one folder for each result.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is stale.")
@click.option("--timings", is_flag=True, help="Print the CPU time of each result.")
@click.option("--pdf", "with_pdf", is_flag=True, help="Make PDFs too, where a TeX is installed.")
@click.option("--notation", help=NOTATION)
def build(
    ids: tuple[str, ...], output: Path, check: bool, timings: bool, with_pdf: bool, notation: str | None
) -> None:
    """Regenerate the documents, certificates and code of all results, or of the IDs given."""
    from derive import build as room

    wanted = _buildable(ids)
    names = _notation(notation)
    spent: list[tuple[str, float]] = []
    with _progress(len(wanted), "building") as step:

        def report(id: str, seconds: float) -> None:
            spent.append((id, seconds))
            step(id)

        contents = room.plan(wanted, report, names)
    if timings:
        for id, seconds in spent:
            click.echo(f"{id:<32} {seconds:6.2f} s CPU", err=True)
        click.echo(f"{'all, with imports':<32} {time.process_time():6.2f} s CPU", err=True)
    if check:
        found = list(room.stale(contents, output, everything=not ids))
        for item in found:
            click.echo(f"{item.kind}: {item.path}")
            if item.diff:
                click.echo(item.diff)
            click.echo(f"  mend it with: {item.mend(output)}")
        if found:
            sys.exit(1)
        click.echo(f"{len(contents)} files are up to date")
        return
    try:
        written = room.write(contents, output)
    except room.OutputError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{len(wanted)} results, {len(contents)} files in {output}: {len(written)} written")
    if with_pdf:
        try:
            with _progress(len(wanted), "typesetting") as step:
                for id in wanted:
                    room.pdf(id, output)
                    step(id)
        except room.NoTeX as error:
            raise click.UsageError(str(error)) from error
        click.echo(f"{len(wanted)} PDFs")


@main.command(
    epilog="Examples:  derive verify  ·  derive verify kl-normal --json  ·  derive verify --enclosures 20"
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on stdout.")
@click.option("--enclosures", default=5, show_default=True, help="Points for each form of a result.")
@click.option("--points", default=100_000, show_default=True, help="Points for each code measurement.")
@click.option("--trusted", is_flag=True, help="List what the checker takes on trust, and nothing else.")
@click.option(
    "--second-opinion",
    is_flag=True,
    help="Have Coq prove the algebra and Maxima the calculus too, where they are installed.",
)
@click.option("--exhaustive", is_flag=True, help="Every float32 and 10⁷ random points too (hours).")
@click.option("--compiled", is_flag=True, help="Measure what torch.compile makes of the code too (minutes).")
@click.option(
    "--peers", type=click.Path(file_okay=False, path_type=Path),
    help="Measure the usual formulas beside ours, and write table, data and plot to this folder.",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the JSON report here too."
)
def verify(
    ids: tuple[str, ...],
    as_json: bool,
    enclosures: int,
    points: int,
    trusted: bool,
    second_opinion: bool,
    exhaustive: bool,
    compiled: bool,
    peers: Path | None,
    output: Path | None,
) -> None:
    """Re-prove every step, enclose the integrals, measure the generated code."""
    from derive import catalogue
    from derive import verification as room
    from derive.evidence.report import environment, table
    from derive.evidence.sampled import sampled_rules
    from derive.evidence.trusted import lines

    if trusted:
        click.echo("\n".join(lines()))
        return
    wanted = _ids(ids)
    rows = []
    with _progress(len(wanted), "verifying") as step:
        for id in wanted:
            rows.append(
                room.verify_result(
                    catalogue.result(id),
                    enclosures=enclosures,
                    code_points=points,
                    compiled=compiled,
                    progress=lambda stage: step(stage, advance=0),
                )
            )
            if second_opinion:
                room.add_second_opinion(rows[-1], catalogue.result(id))
            step(id)
        step("sampling the rules", advance=0)
        rules = sampled_rules(sorted({rule for row in rows for rule in row["rules"]}))
        data: dict[str, Any] = {"environment": environment(), "results": rows, "rules": rules}
        if exhaustive:
            _write_report(output, data)  # hours of work follow
            data["exhaustive"] = room.verify_exhaustively(lambda stage: step(stage, advance=0))
    text = _write_report(output, data)
    if peers is not None:
        for path in room.compare_peers(peers):
            click.echo(f"written: {path}", err=True)
    click.echo(text if as_json else table(data), nl=False)
    good = all(row["verified"] for row in rows) and all(rule["holds"] for rule in rules)
    if not good or any(r["failures"] for r in data.get("exhaustive", ())):
        sys.exit(1)


def _write_report(output: Path | None, data: dict[str, Any]) -> str:
    """The report as JSON, which goes to the file too, where there is one."""
    from derive.build import replace

    text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    if output is not None:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            replace(output, text)
        except OSError as error:
            raise click.UsageError(f"cannot write {output}: {error.strerror}") from error
    return text


@main.command(epilog="Example:  derive code kl-diagonal-normal-standard --target torch --parameters logvar")
@click.argument("id")
@click.option("--target", type=click.Choice(("numpy", "torch", "jax")), default="numpy", show_default=True)
@click.option("--parameters", default="std", show_default=True, help="std, var, logvar, logstd or softplus.")
def code(id: str, target: str, parameters: str) -> None:
    """Print one self-contained function."""
    from derive.api import result

    try:
        click.echo(result(_ids((id,))[0]).code(target, parameters), nl=False)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@main.command(epilog="Example:  derive teach kl-normal")
@click.argument("id")
@click.option("--seed", default=0, help="Order of the choices.")
@click.option("--restart", is_flag=True, help="Forget the progress that was saved.")
@click.option("--notation", help=NOTATION)
def teach(id: str, seed: int, restart: bool, notation: str | None) -> None:
    """Walk the derivation of ID, one step at a time."""
    from derive.teach import lesson

    lesson(_ids((id,))[0], seed=seed, restart=restart, notation=_notation(notation))


if __name__ == "__main__":
    main()
