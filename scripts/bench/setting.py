"""How PyTorch does the work that worker.py times."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Setting:
    """`form`: op by op (`eager`), as one captured CUDA graph (`graph`), or with networks through torch.compile, which captures graphs
    of its own (`compiled`)."""

    memory_format: torch.memory_format
    device: str = "cpu"
    precision: str = "float32"
    form: str = "eager"

    @property
    def activations(self):
        """What values lie in memory as where an op is timed alone; in steps, autocast decides."""
        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32

    def tune(self, *modules):
        """Gives the forward passes of a step's modules the precision and the form asked for."""
        for module in modules:
            if self.form == "compiled":
                module.forward = torch.compile(module.forward, mode="reduce-overhead")
            if self.precision == "bfloat16":
                # Entered anew for every pass: while it lasts, autocast keeps copies of weights that an update makes stale.
                module.forward = torch.autocast(self.device, dtype=torch.bfloat16)(module.forward)

    def adam(self, weights, learning_rate, betas):
        on_gpu = {"fused": True, "capturable": self.form == "graph"} if self.device == "cuda" else {}
        return torch.optim.Adam(weights, learning_rate, betas, **on_gpu)

    def problem(self):
        """Why this PyTorch cannot work in the form asked for, or None."""
        if self.form == "compiled" and not hasattr(torch, "compile"):
            return f"PyTorch {torch.__version__} has no torch.compile"
        if self.form == "graph" and self.device != "cuda":
            return "CUDA graphs need a GPU"
        return None
