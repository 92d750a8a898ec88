import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from model.vision.decoding import PREVIEW_SIDE, decode_photo
from pages.components.photos.preview import make_preview
from tests.handwriting.picture_files import encode, half_red


def shown(preview):
    """The preview's pixels: (h, w, 3) int."""
    return np.asarray(Image.open(io.BytesIO(b64decode(preview.url.split(",")[1]))).convert("RGB")).astype(int)


def preview_of(data):
    return make_preview(decode_photo(data))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "HEIF"])
def test_preview_is_in_color(file_format):
    preview = preview_of(encode(half_red(), file_format))
    assert preview.size_wh == (80, 60)
    np.testing.assert_allclose(shown(preview)[10, 40], (200, 0, 0), atol=12)


def test_preview_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    preview = preview_of(encode(half_red(), "JPEG", exif=exif))
    assert preview.size_wh == (60, 80)
    assert shown(preview).shape == (80, 60, 3)
    assert shown(preview)[40, 50, 1] < 60
    assert shown(preview)[40, 10, 1] > 200


def test_large_picture_is_shown_smaller_and_keeps_its_size():
    preview = preview_of(encode(half_red((4000, 2000)), "JPEG"))
    assert preview.size_wh == (4000, 2000)
    assert shown(preview).shape == (PREVIEW_SIDE // 2, PREVIEW_SIDE, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_mode_can_be_shown(mode):
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    preview = preview_of(encode(half_red().convert("RGB").convert(mode), file_format))
    assert shown(preview)[45, 40].min() > 240
    assert shown(preview)[10, 40].min() < 100


def test_sixteen_bits_are_shown():
    preview = preview_of(encode(Image.fromarray(np.full((20, 30), 40_000, np.uint16))))
    assert preview.size_wh == (30, 20)
    np.testing.assert_allclose(shown(preview), 155, atol=3)
