import numpy as np
import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from pages.components.shared.html import bars, cards_of, columns, hint, picture, render


def test_values_are_escaped():
    html = render('<b title="{{ tip }}">{{ text }}</b>', tip='"', text="<script>&")
    assert html == '<b title="&#34;">&lt;script&gt;&amp;</b>'


def test_markup_is_taken_in_as_it_is():
    inner = render("<i>{{ text }}</i>", text="<")
    assert render("<b>{{ inner }}</b>", inner=inner) == "<b><i>&lt;</i></b>"


def test_line_breaks_and_indentation_are_left_out():
    source = """
    <ul>
      {% for n in numbers %}
        <li>{{ n }}</li>
      {% endfor %}
    </ul>
    """
    assert render(source, numbers=[1, 2]) == "<ul><li>1</li><li>2</li></ul>"


def test_missing_value_is_an_error():
    with pytest.raises(UndefinedError, match="'text' is undefined"):
        render("{{ text }}")


def test_parts_escape_their_texts():
    assert hint("<") == '<p class="hint">&lt;</p>'
    assert 'alt="&#34;&gt;"' in picture(np.zeros((2, 2), np.uint8), '">')
    assert cards_of(("<", "a"), ("b", "&", "<i>")) == Markup(
        '<dl class="cards"><div><dt>&lt;</dt><dd>a</dd></div>'
        '<div><dt>b</dt><dd>&amp;</dd><dd class="text">&lt;i&gt;</dd></div></dl>'
    )


def test_bars_mark_a_digit_that_outweighs_all_others():
    sure, undecided = np.full(10, 0.4 / 9), np.full(10, 0.1)
    sure[3] = 0.6
    assert '<li class="best"><b>3</b><span class="track"><i style="width:60.0%"></i></span>' in bars(sure)
    assert "best" not in bars(undecided)
    assert "&lt;1%" in bars(np.array([0.995, 0.005, *np.zeros(8)]))


def test_columns_are_as_high_as_the_probabilities():
    html = columns(np.array([0.25, 0.75, *np.zeros(8)]))
    assert html.count("<li>") == 10
    assert '<i style="height:75%"></i><b>1</b>' in html
