"""Random weights that exercise every tensor: defaults would leave biases and positions at zero."""

import torch


def randomize(network, seed):
    """Fill a network's parameters and running statistics so that signals neither vanish nor explode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                values = 1 + 0.1 * noise.abs()
            elif tensor.ndim == 1 and name.endswith("weight"):
                values = 1 + 0.1 * noise
            elif tensor.ndim >= 2 and name.endswith("weight"):
                values = noise / tensor[0].numel() ** 0.5
            else:
                values = 0.1 * noise
            tensor.copy_(values)
    return network
