"""How fast motion is magnified: phase-based, side by side in one run with the same done on plenoptic's steerable pyramid.

64 frames of 256 x 256 px, 6 octaves, 4 directions, alpha 20, phases not blurred. plenoptic is not among what Fleeting needs: without it
its row is left out. Then what the other magnifiers take, and the memory of a clip four times as long.

    python benchmarks/magnify.py
    python benchmarks/magnify.py --response

The second says, of each magnifier, how many times as far a blob and a wave move, by their size.
"""

import argparse
import tracemalloc

import cv2
import numpy as np
from scipy.optimize import minimize_scalar
from timing import medians

from fleeting.preprocess import magnify
from fleeting.preprocess.magnify import MAGNIFIERS

SIDE, SHIFT = 128, 0.05  # of the pictures whose response is measured, and how far they move, px


def response():
    """How many times as far as before a blob or a wave moves, at alpha 20."""
    print(f"pictures of {SIDE} px that move by {SHIFT} px, alpha 20: how many times as far")
    print(f"{'':34}", *(f"{name:>6}" for name in MAGNIFIERS))
    for sigma in (1, 2, 4, 8, 16):
        print(f"{f'blob, standard deviation {sigma} px':34}", *(f"{blob_times(sigma, name):6.1f}" for name in MAGNIFIERS))
    for angle in (0, 45):
        for length in (4, 5, 8, 10, 16, 20, 32):
            times = (wave_times(length, np.deg2rad(angle), name) for name in MAGNIFIERS)
            print(f"{f'wave of {length} px at {angle} degrees':34}", *(f"{value:6.1f}" for value in times))


def blob_times(sigma, method):
    """Of the blob, somewhere else, which the magnified one is most like."""
    y, x = np.mgrid[:SIDE, :SIDE]

    def blob(at):
        return 128 + 60 * np.exp(-((x - SIDE / 2 - at) ** 2 + (y - SIDE / 2) ** 2) / (2 * sigma**2))

    out = magnify(np.stack([blob(0), blob(SHIFT)]), 20, method)[1]

    def unlike(at):
        return ((out - blob(at)) ** 2).sum()

    near = min(np.arange(0, 1.5, 0.05), key=unlike)
    return minimize_scalar(unlike, bounds=(near - 0.06, near + 0.06), method="bounded").x / SHIFT


def wave_times(length, angle, method):
    """From the phase of its middle part."""
    y, x = np.mgrid[:SIDE, :SIDE]
    turn = 2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length
    still, moved = (128 + 40 * np.sin(turn - 2 * np.pi * at / length) for at in (0, SHIFT))
    out = magnify(np.stack([still, moved]), 20, method)[1]
    middle = np.s_[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4]
    phases = [np.angle(((each - 128) * np.exp(-1j * turn))[middle].sum()) for each in (still, out)]
    return np.angle(np.exp(1j * (phases[0] - phases[1]))) * length / (2 * np.pi) / SHIFT


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--response", action="store_true", help="how far motion is enlarged, instead of how fast")
    if parser.parse_args().response:
        response()
        return
    rng = np.random.default_rng(0)
    still = cv2.GaussianBlur(rng.normal(size=(256, 256)).astype(np.float32), (0, 0), 2)
    still = 128 + 40 * still / still.std()
    shifts = 0.05 * np.sin(np.arange(64) / 10)
    frames = np.stack([cv2.warpAffine(still, np.float32([[1, 0, s], [0, 1, 0]]), (256, 256), borderMode=cv2.BORDER_WRAP) for s in shifts])
    rows = {"fleeting, pbvm": lambda: magnify(frames, 20, sigma=0, rim=0)}
    try:
        import plenoptic

        pyramid = plenoptic.process.SteerablePyramidFreq((256, 256), height=6, order=3, is_complex=True)
        rows["plenoptic"] = lambda: with_plenoptic(frames, 20, pyramid)
        rows["plenoptic, there and back, phases untouched"] = lambda: there_and_back(frames, pyramid)
    except ImportError:
        print("plenoptic is not installed: its row is left out")
    rows["fleeting, pbvm, blurred phases and mirrored rim"] = lambda: magnify(frames, 20)
    rows["fleeting, riesz"] = lambda: magnify(frames, 20, "riesz")
    rows["fleeting, evm"] = lambda: magnify(frames, 20, "evm")
    seconds = medians(rows, 5)
    for name, s in seconds.items():
        print(f"{name:48} {s:6.2f} s   {s / seconds['fleeting, pbvm']:5.2f} times fleeting, pbvm")
    if "plenoptic" in rows:
        apart = np.abs(rows["plenoptic"]() - rows["fleeting, pbvm"]()).max()
        print(f"largest difference of the two: {apart:.1e} of 255 grey levels, {apart / 255:.1e} of the range")
    peaks = [peak_megabytes(np.zeros((n, 256, 256), np.uint8)) for n in (64, 256)]
    print(f"peak memory for 64 and 256 frames, input and output aside: {peaks[0]:.0f} and {peaks[1]:.0f} MB")


def with_plenoptic(frames, alpha, pyramid, chunk=8):
    """The same magnification as one writes it in PyTorch, a chunk of frames at a time."""
    import torch

    out = []
    with torch.no_grad():
        reference = pyramid(torch.from_numpy(frames[:1, None]))
        for start in range(0, len(frames), chunk):
            bands = pyramid(torch.from_numpy(frames[start : start + chunk, None]))
            for key, band in bands.items():
                if torch.is_complex(band):
                    turn = alpha * torch.angle(band * reference[key].conj())
                    bands[key] = band * torch.polar(torch.ones_like(turn), turn)
            out.append(pyramid.recon_pyr(bands)[:, 0].numpy())
    return np.concatenate(out)


def there_and_back(frames, pyramid, chunk=8):
    import torch

    with torch.no_grad():
        return [pyramid.recon_pyr(pyramid(torch.from_numpy(frames[t : t + chunk, None]))) for t in range(0, len(frames), chunk)]


def peak_megabytes(frames):
    tracemalloc.start()
    out = magnify(frames)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - out.nbytes) / 1e6


if __name__ == "__main__":
    main()
