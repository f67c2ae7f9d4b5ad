"""Networks without memory for their weights: what the tests ask of full-size ones."""

import torch


def meta(build, *args, **options):
    """The network on the meta device, ready for prediction."""
    with torch.device("meta"):
        return build(*args, **options).eval()


def count(build, *args, **options):
    """How many parameters are trained."""
    return sum(each.numel() for each in meta(build, *args, **options).parameters())


def shapes(net, *inputs):
    """The shape that each layer gives, without the batch, by name, from one sample or a tuple of them; and the output's, as "out"."""
    found = {}
    for name, layer in net.named_modules():
        layer.register_forward_hook(
            lambda layer, given, out, name=name: found.update({name or "net": tuple((out[0] if isinstance(out, tuple) else out).shape[1:])})
        )
    x = tuple(torch.empty(2, *shape, device="meta") for shape in inputs or [net.input_shape])
    net(x if len(x) > 1 else x[0])
    return found
