"""The report of weights: loaded strictly, kept with what was measured later, and tied to the weights."""

import json
import shutil
from itertools import chain
from typing import get_args, get_type_hints, is_typeddict

import keras
import numpy as np
import pytest

from model.classifiers import report
from model.classifiers.architectures import build_softmax
from model.classifiers.networks import load_network
from model.classifiers.registry import LITE_FILE, MODELS, REPORT_FILE, WEIGHTS_FILE, weights_folder
from model.classifiers.report import (
    Report,
    build_report,
    keep_pictures,
    keep_test,
    keep_writers,
    load_report,
    save_report,
)
from model.classifiers.runtime import load_classifier
from model.classifiers.saving import save
from model.errors import ArtifactError
from model.files import sha256_of
from tests.handwriting.reports import (
    SETTINGS,
    SHA256,
    make_calibration,
    make_curve,
    make_data,
    make_report,
    make_start,
    make_test,
)

pytestmark = pytest.mark.slow

REPORT = make_report(calibration=make_calibration(threshold=0.8))
DIGIT_WRITERS = {
    **{"n": 200, "writers": 5, "accuracy": 0.98, "worst_writer": 0.9, "coverage": 0.97, "selective_accuracy": None},
    **{"macro_f1": 0.98, "log_loss": 0.05, "ece": 0.01, "auroc": 0.99},
}
WRITERS = {
    "digits": {"unipen": DIGIT_WRITERS},
    "left_out": {},
    "non_digits": {"omniglot": {"n": 10, "false_accept_rate": 0.1}},
}
PICTURES = {
    "photos": {
        **{"pictures": 3, "digits": 9, "accuracy": None, "exact": 1.0, "without": 1, "seen_there": 0, "seconds": 0.1}
    }
}
SPEED = {"ms_per_digit": 0.5, "n": 500, "hardware": "2 cores"}


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(1)
    return build_softmax()


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    save(network, REPORT, folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of the saved files, to be changed."""
    return shutil.copytree(saved, tmp_path / "weights")


LOADERS = {LITE_FILE: load_classifier, WEIGHTS_FILE: load_network}
CHECKSUMS = {LITE_FILE: "lite_sha256", WEIGHTS_FILE: "weights_sha256"}


def change_report(folder, **changes):
    """Replace sections of a saved report, as the writer itself would."""
    save_report(load_report(folder) | changes, folder)


def test_saved_weights_and_report_are_loaded(folder, network):
    classifier = load_classifier(folder)
    frames = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    np.testing.assert_allclose(classifier.predict(frames), network(frames), atol=1e-4)
    assert classifier.threshold == 0.8
    np.testing.assert_allclose(load_network(folder)(frames), network(frames), atol=1e-4)
    assert load_report(folder) == REPORT | {CHECKSUMS[file]: sha256_of(folder / file) for file in LOADERS}
    assert {path.name for path in folder.iterdir()} == {WEIGHTS_FILE, LITE_FILE, REPORT_FILE}


def test_one_frame_and_many_are_predicted_alike(folder):
    predict = load_classifier(folder).predict
    frames = np.random.default_rng(0).integers(0, 256, (1100, 28, 28), np.uint8)
    many = predict(frames)
    assert many.shape == (1100, 10)
    np.testing.assert_allclose(predict(frames[600:601]), many[600:601], atol=1e-4)
    assert predict(frames[:0]).shape == (0, 10)


@pytest.mark.parametrize(
    ("missing", "file"),
    [(WEIGHTS_FILE, WEIGHTS_FILE), (LITE_FILE, LITE_FILE), (REPORT_FILE, WEIGHTS_FILE), (REPORT_FILE, LITE_FILE)],
)
def test_missing_files_are_named(folder, missing, file):
    (folder / missing).unlink()
    with pytest.raises(
        ArtifactError, match=rf"missing. Expected .*{missing}. Received: no such file. .*train_model.py"
    ):
        LOADERS[file](folder)


@pytest.mark.parametrize("file", LOADERS)
def test_truncated_weights_are_refused(folder, file):
    path = folder / file
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(
        ArtifactError, match="damaged, or belongs to another report. Expected sha256 .* Received: .* Restore it"
    ):
        LOADERS[file](folder)


@pytest.mark.parametrize(("file", "kind"), [(WEIGHTS_FILE, "Keras"), (LITE_FILE, "LiteRT")])
def test_a_file_that_is_no_network_is_refused_even_with_its_checksum(folder, file, kind):
    (folder / file).write_bytes(b"not a network")
    change_report(folder, **{CHECKSUMS[file]: sha256_of(folder / file)})
    with pytest.raises(ArtifactError, match=f"cannot be loaded. Expected a {kind} model in .* Received: "):
        LOADERS[file](folder)


def test_another_network_is_refused(folder):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(folder / WEIGHTS_FILE)
    change_report(folder, weights_sha256=sha256_of(folder / WEIGHTS_FILE))
    with pytest.raises(ArtifactError, match=r"another network. Expected frames \(28, 28\) or paths"):
        load_network(folder)


@pytest.mark.parametrize("file", LOADERS)
def test_report_and_weights_of_two_trainings_are_refused(folder, tmp_path, file):
    keras.utils.set_random_seed(2)
    other = tmp_path / "other"
    save(build_softmax(), REPORT, other)
    (other / file).replace(folder / file)
    with pytest.raises(ArtifactError, match="belongs to another report"):
        LOADERS[file](folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("NaN", "JSON .* Received: .*NaN, which is no number of JSON"),
        ('{"parameters": -Infinity}', "JSON .* Received: .*-Infinity, which is no number of JSON"),
        ("[]", r"an object as report in .* Received: \[\]"),
        ("null", "an object as report in .* Received: None"),
        ('{"weights_sha256": "a"}', r"the field model as report in .* Received: \['weights_sha256'\]"),
        ('{"calibration": {"threshold": 0.5}}', "the field model as report in"),
    ],
)
def test_damaged_reports_are_refused(folder, text, expected):
    (folder / REPORT_FILE).write_text(text)
    with pytest.raises(ArtifactError, match=f"The report is damaged. Expected {expected}.*Restore it"):
        load_report(folder)


def test_bytes_that_are_no_text_are_refused(folder):
    (folder / REPORT_FILE).write_bytes(b"\xff\xfe{}")
    with pytest.raises(ArtifactError, match="The report is damaged. Expected JSON"):
        load_report(folder)


def put_unchecked(folder, content):
    """Write a report with its checksum, whatever it holds."""
    checksum = report._checksum(content)
    (folder / REPORT_FILE).write_text(json.dumps(content | {"report_sha256": checksum}), encoding="utf-8")


@pytest.mark.parametrize("threshold", [1.5, -0.1, "0.5", None, True, [0.5], 10**400])
@pytest.mark.parametrize("name", ["threshold", "line_threshold"])
def test_impossible_thresholds_are_refused(folder, name, threshold):
    put_unchecked(folder, load_report(folder) | {"calibration": make_calibration(**{name: threshold})})
    expected = f"damaged. Expected a (finite number|number in 0-1) as report.calibration.{name} in .* Received: "
    with pytest.raises(ArtifactError, match=expected):
        load_report(folder)


def test_a_threshold_that_is_no_number_is_refused(folder):
    text = (folder / REPORT_FILE).read_text()
    (folder / REPORT_FILE).write_text(text.replace('"threshold": 0.8', '"threshold": NaN'))
    with pytest.raises(ArtifactError, match="Expected JSON in .* Received: .*NaN"):
        load_report(folder)
    (folder / REPORT_FILE).write_text(text.replace('"temperature": 1.0', '"temperature": 1e999'))
    with pytest.raises(ArtifactError, match="Expected a finite number as report.calibration.temperature .*: inf"):
        load_report(folder)


def whole_report():
    """A report that has every field there is."""
    start = make_start(best_epoch=1)
    member = {"settings": SETTINGS, "seconds": 9, "created": "today", "weights_sha256": SHA256, "errors": 3}
    thresholds = make_calibration(line_threshold=0.6)
    del thresholds["temperature"]
    curve = make_curve()
    curve[0]["held_out_strokes_accuracy"] = 0.9
    return make_report(
        data=make_data(strokes_sha256={"unipen.jsonl": SHA256}),
        calibration=make_calibration(line_threshold=0.6),
        held_out={name: value for name, value in curve[0].items() if name.startswith("held_out")},
        curve=curve,
        best_epoch=1,
        started_from=start,
        members=[member],
        pair={**thresholds, "weights_sha256": SHA256, "frame_weight": 0.6, "path_weight": 0.4},
        weights_sha256=SHA256,
        lite_sha256=SHA256,
        speed=SPEED,
        pictures={"shipped": PICTURES},
        writers={"shipped": WRITERS | {"left_out": {"pendigits_train": DIGIT_WRITERS}}},
    )


def leaves(value, path=()):
    """Path and value of every number, text, truth value and null."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, key))
    else:
        yield path, value


def with_leaf(content, path, value):
    content = json.loads(json.dumps(content))  # nothing is shared with the original
    parent = content
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return content


def name_of(path):
    return "report" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


ANY_NUMBER = {"loss"}
"""Fields without a range."""
LEAVES = [
    path
    for path, _ in leaves(whole_report())
    if not {"confusion", "per_class"} & set(path) or path[-2:] in ((3, 4), (3, "f1"), (3, "label"), (3, "support"))
]


def test_every_field_is_in_the_whole_report():
    def fields(kind):
        for name, form in get_type_hints(kind).items():
            yield name
            inner = get_args(form)
            for part in (form, *inner, *chain.from_iterable(map(get_args, inner))):
                if is_typeddict(part):
                    yield from fields(part)

    report = whole_report()
    assert set(fields(Report)) <= {key for path, _ in leaves(report) for key in path}
    report_keys = {"digits", "left_out", "non_digits", "pictures"}
    assert report_keys <= {key for path, _ in leaves(report) for key in path}


@pytest.mark.parametrize("path", LEAVES, ids=name_of)
def test_a_field_of_another_type_or_out_of_its_range_is_refused(tmp_path, path):
    whole = whole_report()
    put_unchecked(tmp_path, whole)
    assert load_report(tmp_path) == whole
    value = dict(leaves(whole))[path]
    wrong = [{"x": 1}, [value], "" if not isinstance(value, str) else 1, not value if type(value) is not bool else 1]
    if not isinstance(value, str | bool) and not ANY_NUMBER & set(path):
        wrong.append(-0.5 if isinstance(value, float) or value is None else -1)
    if path[-1] in ("sha256", "weights_sha256", "lite_sha256") or "strokes_sha256" in path:
        wrong += ["", value[:-1], value + "0", value.upper()[:-1] + "G"]
    for each in wrong:
        put_unchecked(tmp_path, with_leaf(whole, path, each))
        field = name_of(path).replace("[", r"\[").replace("]", r"\]")
        with pytest.raises(ArtifactError, match=f"The report is damaged. Expected .* as {field} in .* Received: "):
            load_report(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("confusion", [[0] * 10] * 9, "10 values as report.test.confusion in"),
        ("confusion", [[0] * 9] * 10, r"10 values as report.test.confusion\[0\] in"),
        ("confusion", [[1] * 10] * 9 + [[2] * 10], "a sum of 100 as report.test.confusion in .* Received: 110"),
        ("errors", 3, "the 2 off the diagonal of the confusion as report.test.errors in .* Received: 3"),
        ("per_class", make_test()["per_class"][:9], "10 values as report.test.per_class in"),
        ("per_class", make_test()["per_class"][::-1], r"the labels 0-9 in order as report.test.per_class in .*: \[9"),
        ("accuracy_95", [0.1], "2 values as report.test.accuracy_95 in"),
        ("accuracy", 1.1, "a number in 0-1 as report.test.accuracy in .* Received: 1.1"),
        ("n", 0, "a number of 1 or more as report.test.n in .* Received: 0"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(tmp_path, field, value, expected):
    put_unchecked(tmp_path, whole_report() | {"test": make_test(errors=2) | {field: value}})
    with pytest.raises(ArtifactError, match=f"The report is damaged. Expected {expected}"):
        load_report(tmp_path)


def test_no_temperature_is_refused(tmp_path):
    put_unchecked(tmp_path, whole_report() | {"calibration": make_calibration(temperature=0.0)})
    with pytest.raises(ArtifactError, match="Expected a number above 0 as report.calibration.temperature in"):
        load_report(tmp_path)


def test_unknown_fields_are_refused(tmp_path):
    put_unchecked(tmp_path, whole_report() | {"note": "mine"})
    with pytest.raises(ArtifactError, match="Expected only the fields model, .* as report in .* Received: 'note'"):
        load_report(tmp_path)


def test_another_content_than_that_of_the_checksum_is_refused(folder):
    path = folder / REPORT_FILE
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"hardware": "3 cores"}))
    with pytest.raises(ArtifactError, match="Expected .*, the checksum of the rest, as report.report_sha256 in"):
        load_report(folder)
    del content["report_sha256"]
    path.write_text(json.dumps(content))
    with pytest.raises(ArtifactError, match="as report.report_sha256 in .* Received: None"):
        load_report(folder)


def one_of_each_kind(text):
    """Places of every kind of byte, several of each, spread over the text."""
    places = {}
    for i, character in enumerate(text):
        digit_of = "exponent" if text[i - 1] in "e-" else "number" if text[i - 1].isdecimal() else "first"
        letter_of = "key" if '":' in text[i : i + 40].partition("\n")[0] else "value"
        kind = digit_of if character.isdecimal() else letter_of if character.isalpha() else character
        places.setdefault(kind, []).append(i)
    return [place for found in places.values() for place in found[:: max(len(found) // 3, 1)]]


@pytest.mark.parametrize("name", MODELS)
def test_a_flipped_bit_is_refused_or_changes_no_value(tmp_path, name):
    """The last of 17 digits may be another one and the number the same."""
    original = (weights_folder(name) / REPORT_FILE).read_bytes()
    expected = load_report(weights_folder(name))
    places = one_of_each_kind(original.decode())
    assert len(places) > 40
    refused = 0
    for place in places:
        for bit in range(8):
            damaged = bytearray(original)
            damaged[place] ^= 1 << bit
            (tmp_path / REPORT_FILE).write_bytes(damaged)
            try:
                assert load_report(tmp_path) == expected, (place, bit)
            except ArtifactError:
                refused += 1
    assert refused > 0.95 * 8 * len(places)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"bfloat16": true', '"bfloat16": false'),
        ('"bfloat16": false', '"bfloat16": true'),
        ('"threshold": 0.', '"threshold": -0.'),
        ('"ece": 0.', '"ece": 9.'),
        ('"n": 10000', '"n": 1000'),
        ('"seconds": ', '"seconds": 1e'),
        ('"loss": ', '"losS": '),
        ('"curve": [', '"curve": [{}, '),
        ("\n}", "\n} }"),
    ],
)
def test_damage_that_leaves_json_is_refused(tmp_path, name, old, new):
    text = (weights_folder(name) / REPORT_FILE).read_text()
    (tmp_path / REPORT_FILE).write_text(text.replace(old, new, 1))
    if old in text:
        with pytest.raises(ArtifactError, match="The report is damaged. Expected .* Received: "):
            load_report(tmp_path)
    else:
        assert load_report(tmp_path)


@pytest.mark.parametrize("section", [{"held_out": {"held_out_errors": float("nan")}}, {"seconds": -1}, {"note": ""}])
def test_a_report_that_could_not_be_loaded_is_not_saved(folder, network, section):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ArtifactError, match="The report cannot be saved. Expected .* as report.* Received: "):
        save(network, REPORT | section, folder)
    with pytest.raises(ArtifactError, match="The report cannot be saved. Expected .* as report.* Received: "):
        change_report(folder, **section)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_digits_in_a_line_may_have_a_threshold_of_their_own(folder):
    assert load_classifier(folder).line_threshold == 0.8
    change_report(folder, calibration=make_calibration(threshold=0.8, line_threshold=0.6))
    classifier = load_classifier(folder)
    assert (classifier.threshold, classifier.line_threshold) == (0.8, 0.6)


def test_figures_of_writers_and_pictures_are_kept_beside_those_that_were_there(folder):
    other = WRITERS | {"left_out": {"unipen": DIGIT_WRITERS}}
    keep_writers(folder, "ours", other)
    keep_writers(folder, "baseline", other)
    keep_writers(folder, "ours", WRITERS)
    keep_pictures(folder, "ours", PICTURES)
    assert load_report(folder)["writers"] == {"ours": WRITERS, "baseline": other}
    assert load_report(folder)["pictures"] == {"ours": PICTURES}
    assert load_classifier(folder).threshold == 0.8


def test_the_test_and_the_speed_are_replaced(folder):
    keep_writers(folder, "ours", WRITERS)
    keep_test(folder, make_test(errors=4), SPEED)
    changed = load_report(folder)
    assert (changed["test"], changed["speed"], changed["writers"]) == (make_test(errors=4), SPEED, {"ours": WRITERS})


def test_time_of_training_is_that_of_the_epochs_and_of_what_it_started_from():
    keys = ("model", "parameters", "data", "calibration", "held_out", "test")
    assessment = {key: value for key, value in make_report().items() if key in keys}
    start = make_start(seconds=100)
    members = [
        {"settings": SETTINGS, "seconds": s, "created": "", "weights_sha256": SHA256, "errors": 0} for s in (5, 7)
    ]
    for origin, seconds in (({}, 6), ({"started_from": start}, 106), ({"members": members}, 12)):
        built = build_report(assessment, SETTINGS, make_curve(2), origin)
        assert built["seconds"] == seconds
        assert origin.items() <= built.items()
        assert assessment.items() <= built.items()
