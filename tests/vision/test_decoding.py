import contextlib
import struct
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from model.errors import ImageError
from model.vision.decoding import MAX_PIXELS, MAX_SIDE, MAX_WEBP_PIXELS, PREVIEW_SIDE, decode_photo, load_gray
from tests.handwriting.picture_files import SEVEN, encode, half_red, page

CORNER = np.array([[0, 0, 0, 255], [0, 255, 255, 255], [0, 255, 255, 255]], np.uint8)  # no symmetry at all
SEVENTH = page([SEVEN], size_wh=(120, 130))
HEIC = encode(SEVENTH, "HEIF")


def as_transposed(orientation, upright):
    """Pixels as a camera stores them whose EXIF orientation turns them upright again."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]


def png_header(width, height):
    """The beginning of a 1-bit PNG file, up to where its pixels would begin."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", b"")]
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF", "TIFF"])
def test_load_gray_keeps_the_pixels_of_lossless_formats(file_format):
    np.testing.assert_array_equal(load_gray(encode(CORNER, file_format)), CORNER)


@pytest.mark.parametrize(
    ("file_format", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"lossless": True}), ("HEIF", {"quality": 95})]
)
def test_load_gray_decodes_what_cameras_and_browsers_save(file_format, options):
    gray = load_gray(encode(Image.fromarray(SEVENTH).convert("RGB"), file_format, **options))
    assert np.abs(gray.astype(int) - SEVENTH).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_load_gray_turns_upright_by_exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(as_transposed(orientation, CORNER))
    np.testing.assert_array_equal(load_gray(encode(stored, exif=exif)), CORNER)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_load_gray_reads_every_mode_alike(mode):
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    data = encode(Image.fromarray(CORNER).convert("RGB").convert(mode), file_format)
    np.testing.assert_array_equal(load_gray(data), CORNER)


@pytest.mark.parametrize("bits", [8, 10, 12, 15])
def test_load_gray_takes_fewer_bits_stored_in_16(bits):
    deep = np.array([[0, 2**bits - 1]], np.uint16)
    np.testing.assert_array_equal(load_gray(encode(Image.fromarray(deep))), [[0, 255]])


def test_load_gray_scales_16_bits_to_8():
    deep = np.array([[0, 257, 32896, 65535]], np.uint16)
    np.testing.assert_array_equal(load_gray(encode(deep)), [[0, 1, 128, 255]])


@pytest.mark.parametrize("color", [0, 255])
def test_ink_that_only_alpha_shows_is_seen(color):
    alpha = 255 - CORNER
    rgba = np.dstack([np.full_like(CORNER, color)] * 3 + [alpha])
    expected = CORNER if color == 0 else 255 - CORNER
    np.testing.assert_array_equal(load_gray(encode(rgba)), expected)


def test_dark_ink_on_transparent_black_is_seen():
    rgba = np.zeros((*CORNER.shape, 4), np.uint8)
    rgba[CORNER == 0] = (0, 0, 200, 255)
    np.testing.assert_array_equal(load_gray(encode(rgba)) == 255, CORNER == 255)


def test_palette_with_transparency_is_composed_on_white():
    image = Image.fromarray((CORNER == 255).astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 90, 90, 90])
    np.testing.assert_array_equal(load_gray(encode(image, transparency=1)), CORNER)


def test_the_first_frame_of_an_animation_is_read():
    frames = [Image.fromarray(CORNER), Image.fromarray(255 - CORNER)]
    np.testing.assert_array_equal(load_gray(encode(frames[0], "GIF", save_all=True, append_images=frames[1:])), CORNER)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
def test_thin_pictures_are_pictures(shape):
    assert load_gray(encode(np.full(shape, 7, np.uint8))).shape == shape


def test_load_gray_opens_paths(tmp_path):
    (tmp_path / "corner.png").write_bytes(encode(CORNER))
    np.testing.assert_array_equal(load_gray(tmp_path / "corner.png"), CORNER)
    np.testing.assert_array_equal(load_gray(str(tmp_path / "corner.png")), CORNER)


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_load_gray_takes_arrays_and_does_not_change_them(bands):
    pixels = CORNER.copy() if bands == 1 else np.dstack([CORNER] * 3 + [np.full_like(CORNER, 255)] * (bands == 4))
    before = pixels.copy()
    np.testing.assert_array_equal(load_gray(pixels), CORNER)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4), bool),
        np.zeros(4, np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(ImageError, match=r"The array is no picture\. Expected .* Received: \("):
        load_gray(pixels)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", encode(SEVENTH)[:-200], encode(SEVENTH, "JPEG")[:600], HEIC[:600]],
    ids=["empty", "one byte", "pdf", "signature only", "truncated png", "truncated jpeg", "truncated heic"],
)
def test_files_that_are_no_picture_are_refused(data):
    with pytest.raises(ImageError, match=rf"cannot be read\. Expected a picture .* Received: {len(data)} bytes"):
        load_gray(data)


def test_every_truncation_is_refused_or_read():
    data = encode(SEVENTH, "GIF")
    for length in range(0, len(data), 7):
        with contextlib.suppress(ImageError):
            assert load_gray(data[:length]).shape == SEVENTH.shape


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(ImageError, match="Received: no such file"):
        load_gray(tmp_path / "none.png")
    with pytest.raises(ImageError, match="Received: is a directory"):
        load_gray(tmp_path)


@pytest.mark.parametrize("side", [10_001, 20_000, 2_000_000])
def test_huge_pictures_are_refused_before_decoding(side):
    with pytest.raises(ImageError, match=r"too large\. Expected at most 100 megapixels\. Received: .* megapixels"):
        load_gray(png_header(side, side))


def webp_canvas(width, height):
    """An animated WebP file of some hundred bytes whose canvas claims to be of this size."""
    frames = [Image.new("RGB", (8, 8), color) for color in ("white", "black")]
    data = bytearray(encode(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    sides = data.index(b"VP8X") + 12
    data[sides : sides + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


@pytest.fixture
def decoded(monkeypatch):
    """The sizes of the pictures whose pixels were decoded."""
    sizes, load = [], ImageFile.ImageFile.load
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: sizes.append(image.size) or load(image))
    return sizes


@pytest.mark.parametrize("size_wh", [(60, MAX_SIDE + 1), (60, 1_000_001), (MAX_SIDE + 1, 8)])
def test_endless_strips_are_refused_before_decoding(size_wh, decoded):
    received = "{}x{}".format(*size_wh)
    files = [png_header(*size_wh)] + [webp_canvas(*size_wh)] * (size_wh[0] * size_wh[1] <= MAX_WEBP_PIXELS)
    for data in files:
        with pytest.raises(ImageError, match=rf"too long\. Expected at most 30,000 px a side\. Received: {received}\."):
            load_gray(data)
    with pytest.raises(ImageError, match="too long"):
        load_gray(np.zeros(size_wh[::-1], np.uint8))
    assert not decoded


@pytest.mark.parametrize("size_wh", [(60, 1_000_001), (5_001, 10_000)])
def test_a_webp_of_more_pixels_than_its_decoder_may_take_is_refused_before_decoding(size_wh, decoded):
    received = "{}x{}".format(*size_wh)
    message = rf"too large\. Expected at most 50 megapixels as WebP\. Received: {received}, \d+ megapixels"
    with pytest.raises(ImageError, match=message):
        load_gray(webp_canvas(*size_wh))
    assert not decoded


def test_a_long_strip_is_a_picture(decoded):
    assert load_gray(encode(np.zeros((MAX_SIDE, 60), np.uint8))).shape == (MAX_SIDE, 60)
    assert decoded, "the fixture sees what is decoded"


PEAK = """
import resource, sys
from pathlib import Path
from model.vision.decoding import decode_photo
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decode_photo(Path(sys.argv[1]).read_bytes())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "most"), [("L", 300), ("RGBA", 800)])
def test_the_largest_pictures_are_decoded_in_bounded_memory(mode, most, tmp_path):
    """In MB: 100 or 400 for the pixels as Pillow holds them, 100 for the gray ones, and less than 300 for the rest."""
    path = tmp_path / "large.png"
    Image.new(mode, (10_000, MAX_PIXELS // 10_000)).save(path, compress_level=1)
    output = subprocess.run([sys.executable, "-c", PEAK, path], check=True, capture_output=True, text=True).stdout
    assert float(output) < most


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16"])
def test_strips_are_put_together_as_the_whole_would_be(file_format, mode, monkeypatch):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (97, 60), np.uint8)).convert(mode)
    data = encode(image, file_format)
    whole = load_gray(data)
    monkeypatch.setattr("model.vision.decoding._STRIP", 60 * 7)
    np.testing.assert_array_equal(load_gray(data), whole)


def test_modes_without_a_gray_are_refused():
    with pytest.raises(ImageError, match="cannot be read"):
        load_gray(encode(Image.new("LAB", (20, 20)), "TIFF"))


def test_huge_arrays_are_refused():
    with pytest.raises(ImageError, match="too large"):
        load_gray(np.broadcast_to(np.uint8(0), (MAX_PIXELS + 1, 1)))


def test_a_gray_array_is_not_copied():
    gray = CORNER.copy()
    assert load_gray(gray) is gray
    np.testing.assert_array_equal(load_gray(gray[::-1, ::-1]), gray[::-1, ::-1])
    assert load_gray(gray.T).flags.c_contiguous


@pytest.mark.parametrize(("file_format", "mode"), [("PNG", "RGB"), ("JPEG", "RGB"), ("HEIF", "RGB"), ("TIFF", "CMYK")])
def test_one_decoding_gives_gray_and_color(file_format, mode):
    data = encode(half_red().convert(mode), file_format)
    photo = decode_photo(data)
    np.testing.assert_array_equal(photo.gray, load_gray(data))
    assert photo.preview.mode == "RGB"
    np.testing.assert_allclose(photo.preview.getpixel((40, 10)), (200, 0, 0), atol=12)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_preview_is_upright_and_small(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode_photo(encode(half_red((4000, 2000)), "JPEG", exif=exif))
    upright = (2000, 4000) if orientation == 6 else (4000, 2000)
    assert photo.gray.shape[::-1] == upright
    assert photo.preview.size == tuple(side * PREVIEW_SIDE // 4000 for side in upright)
    red = {1: (300, 100), 3: (300, 500), 6: (500, 300)}[orientation]
    assert photo.preview.getpixel(red)[1] < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_a_picture_without_color_or_with_transparency_has_no_preview(mode):
    data = encode(half_red().convert(mode))
    photo = decode_photo(data)
    assert photo.preview is None
    np.testing.assert_array_equal(photo.gray, load_gray(data))


def test_decode_photo_refuses_damaged_files():
    with pytest.raises(ImageError, match="cannot be read"):
        decode_photo(encode(half_red(), "JPEG")[:600])


def test_four_parallel_decodings_leave_the_warning_filters_alone(monkeypatch):
    data = encode(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8), "JPEG")
    before = list(warnings.filters)
    monkeypatch.setattr(warnings, "catch_warnings", None)  # it swaps the filters of the whole process
    with ThreadPoolExecutor(4) as pool:
        grays = list(pool.map(load_gray, [data] * 400))
    assert warnings.filters == before
    assert all(np.array_equal(gray, grays[0]) for gray in grays)


def test_a_picture_that_memory_does_not_suffice_for_is_an_error_of_its_own(monkeypatch):
    def load(_):
        raise MemoryError

    data = encode(page([SEVEN]))
    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(ImageError, match="takes too much memory. Expected one .* Received: [0-9]+ bytes."):
        load_gray(data)
