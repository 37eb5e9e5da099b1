"""What a worker stores of an error is for whoever asks, perhaps at another machine: it names none of the worker's folders."""

from __future__ import annotations

from adapters.hosts import LocalHost
from entrypoints.container import build
from entrypoints.settings import Settings


def test_a_worker_stores_errors_without_its_folders(tmp_path):
    container = build(Settings(engine="tone", data_dir=tmp_path / "data", models_dir=tmp_path / "weights"))
    said = container.run_job(host=LocalHost()).said
    assert said(f"{tmp_path}/weights/rvc/rmvpe.pt is damaged.") == "rvc/rmvpe.pt is damaged."
    assert said(f"{tmp_path}/data/blobs/jobs is full.") == "blobs/jobs is full."
    assert said(f"No room in {tmp_path}/data.") == "No room in the data folder."
    assert said("The engine failed.") == "The engine failed."
