"""MNIST and Fashion-MNIST: 70,000 small grey pictures in ten classes."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from nn.data.download import download
from nn.data.idx import read_idx

Pictures = tuple[tuple[Any, Any], tuple[Any, Any]]

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

# of the unzipped files
MNIST_SHA256 = (
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)
MNIST_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
# of the gzip files, as their authors serve them
FASHION_SHA256 = (
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)
FASHION_MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


def mnist(folder: str | os.PathLike[str] | None = None) -> Pictures:
    """Handwritten digits (LeCun et al., 1998): ((x_train, y_train), (x_test, y_test)).

    x is uint8 (60000, 28, 28) and (10000, 28, 28), 0 (paper) to 255 (ink); y is int64, 0 to 9.

    The four IDX files, gzip or not, are looked for in `folder`; without it in the folder that
    the environment variable STEPGRAD_DATA names, or its subfolder `mnist`.  If they are not
    there, or the variable is not set, they are fetched (11 MB, once, checked by sha256) into
    that subfolder, or into the user's cache folder.

    Raises FileNotFoundError for files missing in `folder`, ValueError for damaged ones,
    ConnectionError if they cannot be fetched.
    """
    return _pictures("mnist", folder, MNIST_MIRRORS, MNIST_SHA256)


def fashion_mnist(folder: str | os.PathLike[str] | None = None) -> Pictures:
    """Articles of clothing (Xiao et al., 2017), of the shapes and dtypes of `mnist`.

    Found and fetched (30 MB) as there, with the subfolder `fashion_mnist`; as the files have
    the same names as MNIST's, they are not looked for in the folder STEPGRAD_DATA itself.
    """
    return _pictures("fashion_mnist", folder, FASHION_MIRRORS, FASHION_SHA256)


def _pictures(
    name: str, folder: str | os.PathLike[str] | None, mirrors: tuple[str, ...], sums: tuple[str, ...]
) -> Pictures:
    if folder is not None:
        paths = [_present(Path(folder), file) for file in NAMES]
        missing = [file for file, path in zip(NAMES, paths, strict=True) if path is None]
        if missing:
            raise FileNotFoundError(
                f"{name}: {folder} does not hold {', '.join(missing)} (with or without .gz); "
                f"pass the folder of the four files, or no folder to fetch them"
            )
    else:
        place = _data_folder(name)
        paths = [_present(place, file) for file in NAMES]
        if None in paths and name == "mnist" and os.environ.get("STEPGRAD_DATA"):
            above = [_present(place.parent, file) for file in NAMES]
            paths = paths if None in above else above
        for i, file in enumerate(NAMES):
            if paths[i] is None:
                urls = [f"{mirror}{file}.gz" for mirror in mirrors]
                paths[i] = download(urls, place / f"{file}.gz", sums[i])
    found = [path for path in paths if path is not None]
    return _pair(found[0], found[1]), _pair(found[2], found[3])


def _data_folder(name: str) -> Path:
    given = os.environ.get("STEPGRAD_DATA")
    if given:
        if not Path(given).is_dir():
            raise FileNotFoundError(
                f"{name}: the folder {given} named by STEPGRAD_DATA does not exist; make it, or unset the variable"
            )
        return Path(given) / name
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "stepgrad" / name


def _present(folder: Path, file: str) -> Path | None:
    for path in (folder / file, folder / f"{file}.gz"):
        if path.is_file():
            return path
    return None


def _pair(images: Path, labels: Path) -> tuple[Any, Any]:
    """One file of pictures and the labels that go with it, checked against each other."""
    x, y = read_idx(images), read_idx(labels)
    if x.dtype != np.uint8 or x.ndim != 3:
        raise ValueError(
            f"{images}: holds {x.dtype} {x.shape}, pictures are uint8 (n, height, width); is it another file?"
        )
    if y.dtype != np.uint8 or y.ndim != 1:
        raise ValueError(f"{labels}: holds {y.dtype} {y.shape}, labels are uint8 (n,); is it another file?")
    if len(x) != len(y):
        raise ValueError(
            f"{images} holds {len(x)} pictures, {labels.name} {len(y)} labels; take both from one source"
        )
    if y.size and y.max() > 9:
        raise ValueError(f"{labels}: label {y.max()} found, the classes are 0 to 9; is it another data set?")
    return x, y.astype(np.int64)
