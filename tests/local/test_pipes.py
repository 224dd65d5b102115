"""Input channels in Pipe mode: named pipes, an epoch each."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hptc.local.pipe_feeder import feed, objects, pipe, shuffled
from hptc.local.service import LocalTuning
from tests.support.local_runs import local_tuning, processes_with, run, tuning_request, wait_until


def request(*, max_runtime: int = 600, jobs: int = 1, **members: Any) -> dict[str, Any]:
    result = tuning_request(jobs=jobs, max_runtime=max_runtime)
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": s3}, "InputMode": "Pipe"}
    result["TrainingJobDefinition"]["InputDataConfig"] = [{**channel, **members}]
    return result


def piped(folder: Path, script: str, contents: dict[str, bytes], **options: Any) -> LocalTuning:
    """Tuning jobs whose script runs in the folder of the pipes."""
    for name, content in contents.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    script = f'cd "$SAGEMAKER_BASE_DIR/input/data"\n{script}'
    return local_tuning(folder, script, channels={"train": folder / "data"}, **options)


def test_each_epoch_is_a_pipe_with_all_objects_in_order(tmp_path: Path) -> None:
    script = (
        "ls; cat train_0; echo; cat train_1; echo; cat train_2 | head -c 1; echo; echo loss=0.5"
    )
    contents = {"b": b"2", "a/z": b"1", "c": b"3"}
    _, ended = run(piped(tmp_path, script, contents), request())
    assert ended[0].last_lines == ("train_0", "123", "123", "1", "loss=0.5")
    config = next(tmp_path.glob("jobs/demo/training-jobs/*/attempt-1/ml/input/config/input*"))
    assert '"TrainingInputMode": "Pipe"' in config.read_text()


def test_a_part_of_an_epoch_can_be_read(tmp_path: Path) -> None:
    contents = {"a": b"x" * 1_000_000}
    script = "head -c 3 <train_0; echo; cat train_1 | wc -c; echo loss=0.5"
    _, ended = run(piped(tmp_path, script, contents), request())
    assert [line.strip() for line in ended[0].last_lines] == ["xxx", "1000000", "loss=0.5"]


def test_objects_are_decompressed(tmp_path: Path) -> None:
    contents = {"a.gz": gzip.compress(b"1,2\n"), "b.gz": gzip.compress(b"3,4\n")}
    script = "cat train_0; echo loss=0.5"
    _, ended = run(piped(tmp_path, script, contents), request(CompressionType="Gzip"))
    assert ended[0].last_lines == ("1,2", "3,4", "loss=0.5")


def test_what_cannot_be_streamed_is_reported_in_the_log(tmp_path: Path) -> None:
    script = "cat train_0; sleep 0.2; exit 1"
    _, ended = run(piped(tmp_path, script, {"a.gz": b"1,2\n"}), request(CompressionType="Gzip"))
    (line,) = ended[0].last_lines
    assert line.startswith("hptc: the input channel train can't be streamed: Not a gzipped file")


def test_a_stream_ends_without_an_error_when_its_pipes_are_removed(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(b"x" * 1_000_000)  # more than a pipe holds
    channel = {
        "name": "train",
        "source": str(tmp_path / "object"),
        "is_listed": False,
        "shuffle_seed": None,
        "gzip": False,
        "record_io": False,
    }
    first, second = (pipe(tmp_path, "train", epoch) for epoch in (0, 1))
    os.mkfifo(first)
    with ThreadPoolExecutor() as executor:
        feeding = executor.submit(feed, tmp_path, channel)
        with first.open("rb") as stream:
            wait_until(second.exists)
            first.unlink()
            second.unlink()
            assert len(stream.read()) == 1_000_000
        feeding.result()


def test_each_object_is_a_record(tmp_path: Path) -> None:
    script = f'cat train_0 >"{tmp_path}/records"; echo loss=0.5'
    run(piped(tmp_path, script, {"a": b"12345", "b": b""}), request(RecordWrapperType="RecordIO"))
    header = struct.pack("<I", 0xCED7230A)
    assert (tmp_path / "records").read_bytes() == (
        header + struct.pack("<I", 5) + b"12345\0\0\0" + header + struct.pack("<I", 0)
    )


def test_shuffled_objects_have_another_order_in_each_epoch(tmp_path: Path) -> None:
    files = [Path(str(number)) for number in range(20)]
    assert shuffled(files, None, 3) == files
    orders = [shuffled(files, 7, epoch) for epoch in range(3)]
    assert shuffled(files, 7, 1) == orders[1]
    assert len({tuple(order) for order in [files, *orders]}) == 4
    assert all(set(order) == set(files) for order in orders)


def test_a_file_is_a_channel(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    assert list(objects(tmp_path / "rows.csv")) == [tmp_path / "rows.csv"]


def test_nothing_feeds_a_training_job_that_has_ended(tmp_path: Path) -> None:
    run(piped(tmp_path, "echo loss=0.5", {"a": b"1"}), request(jobs=2))
    wait_until(lambda: processes_with(f"{tmp_path}/jobs") == [])
    assert processes_with(f"{tmp_path}/jobs") == []


def test_a_stop_ends_the_feeders(tmp_path: Path) -> None:
    script = "exec 3<train_0; echo loss=0.5; while :; do sleep 0.05; done"
    tuning = piped(tmp_path, script, {"a": b"x" * 1_000_000}, grace_seconds=0.1)
    _, ended = run(tuning, request(max_runtime=1))
    assert ended[0].status == "MaxRuntimeExceeded"
    assert processes_with(f"{tmp_path}/jobs") == []


def test_a_script_has_the_signals_and_children_of_its_own(tmp_path: Path) -> None:
    # posix_spawn, which Python 3.13 uses, ignores 32 and 33, which are glibc's own.
    script = (
        f'"{sys.executable}" -c "import signal, subprocess; '
        "print(signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN); "
        "ignored = open('/proc/self/status').read().split('SigIgn:')[1].split()[0]; "
        'print(int(ignored, 16) & ~(0b11 << 31))"; echo loss=0.5'
    )
    plain = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    _, ended = run(piped(tmp_path, script, {"a": b"1"}), request())
    assert list(ended[0].last_lines) == plain
