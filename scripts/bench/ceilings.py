"""What PyTorch's libraries get out of a device at most: a copy of a large tensor, and products of large square matrices.

    python3 scripts/bench/ceilings.py [--device cpu|cuda]

Prints a line of JSON for each: gigabytes read and written a second, or TFLOP/s, the best of a few turns; on a GPU with its clocks,
power and temperature while the products run.
"""

import argparse
import json
import subprocess
import time

import torch

ROUNDS = 5
SIZES = {"cuda": {"side": 8192, "elements": 2**30}, "cpu": {"side": 1024, "elements": 2**24}}
CLOCKS = "clocks.sm,clocks.mem,power.draw,temperature.gpu,clocks_event_reasons.active"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=SIZES, default="cuda")
    device = parser.parse_args().device
    say(name="device", model=torch.cuda.get_device_name() if device == "cuda" else "cpu", torch=torch.__version__)
    copy(device, SIZES[device]["elements"])
    for precision in ("bfloat16", "tf32", "float32") if device == "cuda" else ("float32",):
        product(device, precision, SIZES[device]["side"])


def copy(device, elements):
    source = torch.rand(elements, device=device)
    target = torch.empty_like(source)
    say(name="copy", gbps=2 * 4 * elements / best_seconds(device, lambda: target.copy_(source)) / 1e9)


def product(device, precision, side):
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    seconds = best_seconds(device, lambda: a @ b)
    say(name=f"{precision} product", tflops=2 * side**3 / seconds / 1e12, **clocks(device, lambda: a @ b, int(1 / seconds)))


def best_seconds(device, work):
    """Of one run of the work, in the best of a few turns of several."""
    work()
    turns = []
    for _ in range(ROUNDS):
        synchronize(device)
        started = time.perf_counter()
        for _ in range(ROUNDS):
            work()
        synchronize(device)
        turns.append((time.perf_counter() - started) / ROUNDS)
    return min(turns)


def clocks(device, work, runs):
    if device == "cpu":
        return {}
    for _ in range(runs):
        work()
    query = ["nvidia-smi", f"--query-gpu={CLOCKS}", "--format=csv,noheader"]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip().split("\n")[0]
    torch.cuda.synchronize()
    return {"under_load": dict(zip(CLOCKS.split(","), found.split(", ")))}


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def say(**line):
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
