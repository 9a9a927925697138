"""The summary at the end of an import."""

from cli import output
from cli.imports.following import Following
from cli.imports.job import Job
from cli.imports.run import Summary


def write_summary(
    job: Job,
    file: str,
    summary: Summary,
    following: Following | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Print what became of an import."""
    rejected = job.rejected
    if as_json:
        record = {
            "import": job.progress.import_id,
            **vars(summary),
            "rejected": rejected.count,
            "rejected_file": str(rejected.path) if rejected.count else None,
        }
        if following:
            record |= {"handled": following.handled, "not_handled": following.failed}
        output.write_json({n: v for n, v in record.items() if v is not None})
        return
    verb = "checked" if dry_run else "imported"
    output.write(
        f"{verb} {file}: {summary.rows:,} rows in {summary.seconds:.1f} s"
        f" ({summary.rate:,.0f} rows/s)"
    )
    word = "valid" if dry_run else "accepted"
    output.write(f"  {word:9} {summary.accepted:,} rows in {summary.events:,} events")
    if following:
        output.write(f"  handled   {following.handled:,} events")
    if following and following.failed:
        output.write(f"  failed    {following.failed:,} events")
    if rejected.count:
        output.write(f"  rejected  {rejected.count:,} rows: see {rejected.path}")
    if not dry_run:
        output.write(f"  uids      {job.progress.import_id}-<line>")
