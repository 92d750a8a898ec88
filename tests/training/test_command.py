"""The command line of train_model.py: what it refuses before anything is loaded."""

import pytest

import train_model


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("softmax", ["--ink", "a.jsonl"]),
        ("mlp", ["--ink", "a.jsonl"]),
        ("svm", ["--ink", "a.jsonl"]),
        ("svm", ["--epochs", "3"]),
        ("svm", ["--batch-size", "3"]),
        ("svm", ["--bfloat16"]),
        ("svm", ["--resume"]),
        ("svm", ["--checkpoints", "ck"]),
    ],
)
def test_options_without_a_meaning_are_refused(name, option, capsys):
    with pytest.raises(SystemExit, match="2"):
        train_model.main(["--model", name, *option])
    assert f"{option[0]} means nothing to {name}. Expected {name} without it." in capsys.readouterr().err


@pytest.mark.parametrize(("name", "kept"), [("svm", "Stopped. Nothing is kept."), ("mlp", "and --resume.")])
def test_ctrl_c_says_what_is_kept(name, kept, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(train_model, "train_and_save", stop)
    assert train_model.main(["--model", name]) == train_model.INTERRUPTED
    assert kept in capsys.readouterr().err


def test_an_unknown_model_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        train_model.main(["--model", "resnet"])
    assert "invalid choice: 'resnet'" in capsys.readouterr().err


def test_no_data_is_said_in_one_line(tmp_path, capsys):
    output = ["--output", str(tmp_path / "out")]
    assert train_model.main(["--data", str(tmp_path / "none.npz"), *output]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith("MNIST cannot be read. Expected an .npz")
    assert stderr.count("\n") == 1


@pytest.mark.parametrize("bad", [["--epochs", "0"], ["--batch-size", "-1"], ["--epochs", "many"], ["--seed", "-1"]])
def test_bad_arguments_are_refused(bad, capsys):
    with pytest.raises(SystemExit):
        train_model.main(bad)
    assert bad[0] in capsys.readouterr().err
