"""How fast motion is magnified: phase-based, side by side in one run with the same done on plenoptic's steerable pyramid.

64 frames of 256 x 256 px, 6 octaves, 4 directions, alpha 20, phases not blurred. plenoptic is not among what Fleeting needs: without it
its row is left out. Then what the other magnifiers take, and the memory of a clip four times as long.

    python benchmarks/magnify.py
"""

import tracemalloc

import cv2
import numpy as np
from timing import medians

from fleeting.preprocess import magnify


def main():
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
