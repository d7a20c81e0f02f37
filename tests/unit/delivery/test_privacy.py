"""``hub.delivery.privacy``: numbers are found however they are written, and nothing else is touched."""

from __future__ import annotations

import string
import sys
import unicodedata
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery import privacy
from hub.delivery.privacy import mask_personal, without_personal

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def checked(first_17: str) -> str:
    """An identity-card number with its right check digit."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return first_17 + "10X98765432"[total % 11]


def wide(text: str) -> str:
    """In full-width characters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
born = st.dates(date(1900, 1, 1), date(2026, 12, 31)).map("{:%Y%m%d}".format)
cards = st.builds(
    lambda day, rest: checked(f"110105{day}{rest}"), born, st.from_regex(r"[0-9]{3}", fullmatch=True)
)
plain = st.text(
    st.characters(exclude_categories=["Nd", "No", "Lu", "Ll", "Lm", "Lo", "Nl", "Cs"]), max_size=20
)
"""Texts that neither hold nor touch a number."""


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("13800138000", "138****8000"),
        ("请联系13800138000，谢谢", "请联系138****8000，谢谢"),
        ("138-0013-8000", "138****8000"),
        ("138 0013 8000", "138****8000"),
        ("138·0013·8000", "138****8000"),
        ("138 - 0013 - 8000", "138****8000"),
        ("138\u00a00013\u20108000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("+86 138 0013 8000", "+86 138****8000"),
        ("(+86)138-0013-8000", "(+86)138****8000"),
        ("008613800138000", "0086138****8000"),
        ("8613800138000", "86138****8000"),
        ("１３８００１３８０００", "138****8000"),
        ("＋８６ １３８－００１３－８０００", "＋８６ 138****8000"),
        ("𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎", "138****8000"),
        ("13800138000/13900139000", "138****8000/139****9000"),
        ("13800138000-13900139000", "138****8000-139****9000"),
        ("1.13800138000 2.13900139000", "1.138****8000 2.139****9000"),
        ("号码13800138000.", "号码138****8000."),
        ("2026-11-22 13800138000", "2026-11-22 138****8000"),
        ("photo_13800138000.jpg", "photo_138****8000.jpg"),
        ("tel:13800138000", "tel:138****8000"),
        ("https://e.example/u?m=13800138000&a=1", "https://e.example/u?m=138****8000&a=1"),
        ("https://e.example/u?m=%2B8613800138000", "https://e.example/u?m=%2B86138****8000"),
        ('{"note": "a\\n13800138000"}', '{"note": "a\\n138****8000"}'),
        ("\u202d13800138000\u202c", "\u202d138****8000\u202c"),
    ],
)
def test_a_telephone_number_is_found_however_it_is_written(text: str, clean: str) -> None:
    assert mask_personal(text)[0] == clean
    assert set(mask_personal(text)[1]) == {"phone"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("11010519491231002X", "110105********002X"),
        ("11010519491231002x", "110105********002x"),
        ("身份证：11010519491231002X。", "身份证：110105********002X。"),
        ("１１０１０５１９４９１２３１００２Ｘ", "110105********002X"),
        ("110105 19491231 002X", "110105********002X"),
        ("110105-19491231-002X", "110105********002X"),
        ("440524188001010014", "440524********0014"),
        ("110105491231002", "110105******002"),
        ("(110105491231002)", "(110105******002)"),
        ("scan_11010519491231002X.pdf", "scan_110105********002X.pdf"),
    ],
)
def test_an_identity_card_is_found_however_it_is_written(text: str, clean: str) -> None:
    assert mask_personal(text) == (clean, {"identity_card": 1})


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (checked("11010519491231002"), True),
        ("110105194912310021", True),  # a slip in the check digit
        (checked("11010519490230002"), True),  # no such day, but the check digit is right
        ("110105194902300021", False),  # neither
        (checked("44052418800101001"), True),
        ("440524188001010015", False),
        (checked("11010519491331002"), False),  # a 13th month
        (checked("19010519491231002"), False),  # no such province
        (checked("91010519491231002"), True),  # a foreigner's residence card
        ("110105490230002", False),
        ("190105491231002", False),
    ],
)
def test_the_check_digit_decides_only_where_the_date_is_in_doubt(number: str, found: bool) -> None:
    assert bool(mask_personal(number)[1]) is found


@pytest.mark.parametrize(
    "text",
    [
        "started at 1732291200000 ms",  # since 1970, in ms
        "1732291200",
        "1732291200000000",
        "1732291200000000000",
        "order 202611221380013800",
        "order 4200001234202611221234567890",
        "NO13800138000",
        "SF13800138000123",
        "13800138000123",
        "0013800138000",
        "6222021380013800138",  # a bank card
        "6222 0213 8001 3800 138",
        "12345678901",  # no such prefix
        "10000000000 bytes",
        "13800138000B of 15912345678B",
        "took 13800138000ns",
        "0.13800138000",
        "13800138000.75",
        "1,380,013,800",
        "138-0013-800",
        "138-0013-80001",
        "138.0013.8000",
        "138:0013:8000",
        "138\n0013\n8000",
        "1-3-8-0-0-1-3-8-0-0-0",
        "2026-11-22T13:45:07.123456+08:00",
        "10.138.13.80:13800",
        "550e8400-e29b-41d4-a716-138001380000",
        "13800138-0001-4380-8138-001380001380",
        "https://e.example/c/138001380001abcdef1380013800013800138000ab",
        "https://e.example/?sha=da39a3ee5e6b4b0d3255bfef13800138000",
        "01JD8X13800138000ZQ4M2T9W7",  # a ULID
        "msg_13800138000abcdef",
        "978-7-13-800138-0",
        "a1b2c3 #13800138",
        "500 105 1949",
        "110105194912310",  # 15 characters whose date is none
        "1101051949123100212",
        "x110105194912310021",
        "110105194912310021x",
        "",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert mask_personal(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("致电138\u200b0013\u200b8000", "致电138****8000"),
        ("\u202d138\u00ad00138000\u202c!", "\u202d138****8000\u202c!"),
        ("1\u20603\u2060800138000", "138****8000"),
        ("138-\u200b0013-\ufeff8000", "138****8000"),
        ("110105\u200b19491231002X", "110105********002X"),
        ("a\u200b13800138000 13800\u200b138000", "a\u200b138****8000 138****8000"),
        ("👨\u200d👩\u200d👧 \u200b1700000000000", "👨\u200d👩\u200d👧 \u200b1700000000000"),
    ],
)
def test_what_takes_no_room_hides_no_number(text: str, clean: str) -> None:
    assert mask_personal(text)[0] == clean


def test_what_was_found_is_counted_by_kind() -> None:
    text = "13800138000, 13900139000 11010519491231002X"
    assert mask_personal(text) == (
        "138****8000, 139****9000 110105********002X",
        {"phone": 2, "identity_card": 1},
    )
    assert without_personal(text) == mask_personal(text)[0]


@given(plain, phones, plain, cards, plain)
def test_everything_but_the_numbers_stays_as_it_was(
    before: str, phone: str, between: str, card: str, after: str
) -> None:
    text = f"{before}、{phone}、{between}、{card}、{after}"
    clean, found = mask_personal(text)
    assert clean == (
        f"{before}、{phone[:3]}****{phone[-4:]}、{between}、{card[:6]}********{card[-4:]}、{after}"
    )
    assert found == {"phone": 1, "identity_card": 1}


@given(phones, cards)
def test_width_makes_no_difference(phone: str, card: str) -> None:
    assert mask_personal(wide(f"{phone} {card}")) == mask_personal(f"{phone} {card}")


@given(st.text(alphabet="0123456789 -Xx+.·138８６%\\n年", max_size=60))
def test_masking_again_changes_nothing(text: str) -> None:
    clean, _ = mask_personal(text)
    assert mask_personal(clean) == (clean, {})


@given(phones, st.sampled_from("0123456789abcXYZ"), st.booleans())
def test_a_longer_number_is_no_telephone_number(phone: str, more: str, left: bool) -> None:
    text = more + phone if left else phone + more
    assert "phone" not in mask_personal(text)[1]


def test_every_character_that_reads_as_a_digit_a_letter_or_a_divider_is_found() -> None:
    """The pattern names blocks of Unicode: none may be missing from them."""
    wanted = set(f"{string.digits}{string.ascii_letters} -·‐•・%\\.")
    missed = [
        hex(code)
        for code in range(0x80, sys.maxunicode + 1)
        if unicodedata.normalize("NFKC", chr(code)) in wanted - {chr(code)}
        and privacy._folded(chr(code)) not in wanted
    ]
    assert missed == []


def test_no_pattern_can_run_away() -> None:
    """Every repetition is bounded, so that at each place a bounded number of characters is looked at."""
    pattern = privacy._NUMBER.pattern
    counted = pattern.replace("\\.", "").replace("* ", "")
    assert "*" not in counted
    assert "+" not in counted
    assert ",}" not in counted
    assert len(pattern) < 2000


@pytest.mark.parametrize(
    "part",
    [
        "1",
        "13",
        "138 ",
        "138-0013-",
        "110105 19491231 00 ",
        "86",
        "%20",
        "１３８",
        "0.",
        "11010519491231002 ",
    ],
)
def test_a_mebibyte_of_near_misses_is_left_alone(part: str) -> None:
    text = part * (2**20 // len(part))
    assert mask_personal(text) == (text, {})


def test_a_hundred_thousand_numbers_are_all_found() -> None:
    text = "13800138000 " * 100_000
    clean, found = mask_personal(text)
    assert clean == "138****8000 " * 100_000
    assert found == {"phone": 100_000}


@pytest.mark.parametrize(
    ("divider", "prefix"), list(product(["-", " ", "·", "–", "−", " - "], ["", "+86", "0086 ", "86-"]))
)
def test_prefixes_and_dividers_go_together(divider: str, prefix: str) -> None:
    assert mask_personal(prefix + divider.join(("138", "0013", "8000")))[0] == prefix + "138****8000"
