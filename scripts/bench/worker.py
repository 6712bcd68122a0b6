"""Times work in PyTorch for `gannet bench`, which asks for it in lines of JSON on stdin and is answered in lines on stdout.

    python3 scripts/bench/worker.py --format channelsLast [--threads N] [--device cpu|cuda] [--precision P] [--form F]

First comes a line about this PyTorch: torch, blas, device. Then, for {"prepare": {"op": ..., ...}} (tasks.py has the ops), the work is
built and warmed up; for {"runs": N} it is run N times. The answer to both is {"ms", "peakRssBytes", "peakGpuBytes"}: milliseconds of one
run, the largest resident size above that after importing torch, and on a GPU the memory that was taken there. Where the work cannot be
prepared in that form or precision, the answer is {"problem"}. Debian's torch takes whatever BLAS is installed; install
libopenblas0-openmp, or the timing is that of the slow reference.
"""

import argparse
import json
import os
import resource
import sys
import time

import torch

import tasks
from setting import Setting

GPU_WARM_UPS = 5
FORMATS = {"contiguous": torch.contiguous_format, "channelsLast": torch.channels_last}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=("float32", "tf32", "bfloat16"), default="float32")
    parser.add_argument("--form", choices=("eager", "graph", "compiled"), default="eager")
    options = parser.parse_args()

    baseline = resident_bytes()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision != "float32"
    if options.device == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_default_tensor_type(torch.cuda.FloatTensor)
    setting = Setting(FORMATS[options.format], options.device, options.precision, options.form)
    clock = gpu_milliseconds if options.device == "cuda" else milliseconds
    answer({"torch": torch.__version__, "blas": loaded_blas(), "device": device_name(options.device)})

    task = None
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            task = None
            try:
                task = prepare(setting, request["prepare"])
            except Exception as error:  # Whatever keeps one form from working, others may work.
                answer({"problem": f"{type(error).__name__}: {error}".split("\n")[0]})
                continue
        answer({"ms": clock(task, request.get("runs", 1)), **peaks(baseline)})


def prepare(setting, about):
    """@raises RuntimeError where this PyTorch cannot do it, and whatever PyTorch raises"""
    if setting.problem():
        raise RuntimeError(setting.problem())
    task = tasks.build(setting, **about)
    if setting.form == "compiled":
        task = Compiled(task)
    task.warm_up()
    if setting.device == "cuda":
        for _ in range(GPU_WARM_UPS):
            task.run()
        torch.cuda.synchronize()
    return task


class Compiled:
    """Work whose modules go through torch.compile: the graphs that it captures are told where a step begins."""

    def __init__(self, task):
        self.task = task

    def run(self):
        torch.compiler.cudagraph_mark_step_begin()
        self.task.run()

    warm_up = run


def answer(line):
    print(json.dumps(line), flush=True)


def milliseconds(task, runs):
    started = time.perf_counter()
    for _ in range(runs):
        task.run()
    return 1000 * (time.perf_counter() - started) / runs


def gpu_milliseconds(task, runs):
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record()
    for _ in range(runs):
        task.run()
    last.record()
    last.synchronize()
    return first.elapsed_time(last) / runs


def peaks(baseline):
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - baseline
    on_gpu = {"peakGpuBytes": torch.cuda.max_memory_reserved()} if torch.cuda.is_available() else {}
    return {"peakRssBytes": resident, **on_gpu}


def device_name(device):
    return torch.cuda.get_device_name() if device == "cuda" else device


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def loaded_blas():
    """The BLAS library in this process: `reference` is Debian's slow default."""
    with open("/proc/self/maps") as maps:
        libraries = maps.read()
    known = [name for name in ("mkl", "openblas", "blis", "atlas") if name in libraries]
    return known[0] if known else "reference"


if __name__ == "__main__":
    main()
