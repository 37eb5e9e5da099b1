"""`voicecore jobs`."""

from __future__ import annotations

from typing import Any

import click

from entrypoints.cli.client import ServiceClient, connect
from entrypoints.cli.formats import chosen_format
from entrypoints.cli.naming import job_path
from entrypoints.cli.options import as_json, run_by_default, service_url
from entrypoints.cli.progress import spinner
from entrypoints.cli.subtitle_files import SUBTITLES, subtitle_format
from entrypoints.cli.tables import show_json, show_table
from entrypoints.cli.target import STDOUT, Target
from entrypoints.cli.waiting import must_be_completed, progress_line, wait_for
from voicecore.job import JobStatus
from voicecore.request import OutputFormat
from voicecore.subtitles import MAX_CHARS, MAX_LINES, MIN_CHARS

_TEXT_WIDTH = 40
Query = dict[str, str | int | None]
_FORMATS = [each.value for each in OutputFormat]


@click.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """What a service has been asked to do. Jobs and their audio are kept for a day."""
    if context.invoked_subcommand is None:
        run_by_default(context, list_jobs)


def _page(client: ServiceClient, query: Query) -> dict[str, Any]:
    found: dict[str, Any] = client.call(
        "GET", "/jobs", params={key: value for key, value in query.items() if value is not None}
    )
    return found


@jobs.command("list")
@click.option("--status", type=click.Choice([each.value for each in JobStatus]), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many.")
@click.option("--cursor", help="next_cursor of the page before.")
@click.option("--search", help="Only jobs in which these words stand: in the text, a name, the id, voice or engine.")
@as_json
@service_url
def list_jobs(
    *, status: str | None, limit: int, cursor: str | None, search: str | None, json_wanted: bool, url: str | None
) -> None:
    """List jobs, newest first."""
    query: Query = {"status": status, "limit": limit, "cursor": cursor, "search": search}
    with connect(url) as client:
        page = _page(client, query)
        # A search looks at some jobs for each answer, and may find none among them.
        while search is not None and len(page["jobs"]) < limit and page["next_cursor"] is not None:
            more = _page(client, {**query, "limit": limit - len(page["jobs"]), "cursor": page["next_cursor"]})
            looked_at = page["looked_at"] + more["looked_at"]
            page = {**more, "jobs": page["jobs"] + more["jobs"], "looked_at": looked_at}
    if json_wanted:
        show_json(page)
        return
    rows = [(job["id"], job["status"], f"{job['progress']:.0f} %", job["mode"], job["created_at"],
             (job.get("text") or "")[:_TEXT_WIDTH]) for job in page["jobs"]]  # fmt: skip
    show_table(("id", "status", "progress", "mode", "created", "text"), rows)


@jobs.command()
@click.argument("job")
@as_json
@service_url
def show(*, job: str, json_wanted: bool, url: str | None) -> None:
    """Show one job."""
    with connect(url) as client:
        found = client.call("GET", job_path(job))
    if json_wanted:
        show_json(found)
    else:
        show_table(("field", "value"), found.items())


@jobs.command()
@click.argument("job")
@as_json
@service_url
def cancel(*, job: str, json_wanted: bool, url: str | None) -> None:
    """Cancel a waiting or running job."""
    with connect(url) as client:
        answer = client.call("POST", job_path(job, "cancel"))
    show_json(answer) if json_wanted else click.echo(f"{job}: {answer['status']}")


@jobs.command()
@click.argument("job")
@as_json
@service_url
def delete(*, job: str, json_wanted: bool, url: str | None) -> None:
    """Delete a job and its audio; a voice that it made stays."""
    with connect(url) as client:
        answer = client.call("DELETE", job_path(job))
    show_json(answer) if json_wanted else click.echo(f"{job}: deleted, {answer['files_deleted']} files")


@jobs.command()
@click.argument("job")
@click.option("-o", "--output", required=True, help="File to write, or - for stdout.")
@click.option("--format", "wanted_format", type=click.Choice(_FORMATS), help="Default: by the extension.")
@service_url
def download(*, job: str, output: str, wanted_format: str | None, url: str | None) -> None:
    """Write the audio of a completed job."""
    audio_format = chosen_format(output, wanted_format, _FORMATS)
    target = Target(output)
    with connect(url) as client, target.finished_or_discarded():
        client.download(job_path(job, "download"), target.write, params={"format": audio_format})


@jobs.command()
@click.argument("job")
@click.option("-o", "--output", default=STDOUT, show_default=True, help="File to write, or - for stdout.")
@click.option(
    "-f", "--format", "wanted_format", type=click.Choice(SUBTITLES), help="Default: by the extension; srt for stdout."
)
@click.option("--words", is_flag=True, help="One cue for each word.")
@click.option(
    "--max-chars", type=click.IntRange(MIN_CHARS, MAX_CHARS), default=42, show_default=True, help="Of a line."
)
@click.option("--max-lines", type=click.IntRange(1, MAX_LINES), default=2, show_default=True, help="Of a cue.")
@service_url
def subtitles(
    *, job: str, output: str, wanted_format: str | None, words: bool, max_chars: int, max_lines: int, url: str | None
) -> None:
    """Write the text of a completed job as subtitles."""
    query = {
        "format": subtitle_format(output, wanted_format).value, "words": str(words).lower(), "max_chars": max_chars,
        "max_lines": max_lines,
    }  # fmt: skip
    target = Target(output)
    with connect(url) as client, target.finished_or_discarded():
        client.download(job_path(job, "subtitles"), target.write, params=query)


@jobs.command()
@click.argument("job")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most; the job goes on after that.")
@as_json
@service_url
def wait(*, job: str, timeout: float | None, json_wanted: bool, url: str | None) -> None:
    """Wait until a job has ended. Fails if the job did."""
    with connect(url, works=True) as client, spinner("waiting") as told:
        ended = wait_for(client, job, told=lambda job: told(progress_line(job)), timeout_s=timeout)
    show_json(ended) if json_wanted else click.echo(f"{job}: {ended['status']}")
    must_be_completed(ended)
