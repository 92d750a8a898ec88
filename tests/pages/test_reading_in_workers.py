import cv2
import numpy as np
import pytest

from model.transcript_export import to_json
from pages.components.photos import reading
from pages.components.photos.reading import decode, explain, read_boxes, read_photo, read_transcript
from tests.handwriting.picture_files import FOUR, ONE, SEVEN, encode, page
from tests.pages.test_draw_page import reader_that_says

PAGE = encode(page([SEVEN, ONE], [FOUR], size_wh=(400, 300)))


def test_a_photo_is_read_the_same_for_pages_and_programs(put_readers):
    put_readers(reader_that_says(p7=0.95))
    photo = read_photo("cnn", PAGE)
    assert photo.transcript.text == "77\n7"
    assert to_json([("", photo.transcript)]) == to_json([("", read_transcript("cnn", PAGE))])
    assert photo.preview.size_wh == (400, 300)
    np.testing.assert_array_equal(photo.gray, decode(PAGE))
    assert explain("cnn", photo.gray).reading.text == "77\n7"
    (digit,) = read_boxes("cnn", photo.gray, [(35, 30, 145, 190)])
    assert digit.label == 7


def test_each_model_is_loaded_once_and_reads_for_itself(put_readers):
    put_readers(reader_that_says(p7=0.95), mlp=reader_that_says(p4=0.95))
    texts = [read_transcript(model, PAGE).text for model in ("cnn", "mlp", "cnn")]
    assert texts == ["77\n7", "44\n4", "77\n7"]
    assert reading.load.cache_info().misses == 2


@pytest.mark.parametrize(("code", "expected"), [(cv2.Error.StsNoMem, MemoryError), (cv2.Error.StsBadArg, cv2.error)])
def test_opencv_s_lack_of_memory_is_one(monkeypatch, code, expected):
    def load_gray(_):
        error = cv2.error("failed")
        error.code = code
        raise error

    monkeypatch.setattr(reading, "load_gray", load_gray)
    with pytest.raises(expected):
        decode(PAGE)
