"""Near-duplicates: what reprinting papers do to a text, and what only looks like a reprint."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.kazakh.transliterate import to_arabic, to_latin
from archive.stories.duplicates import FORM_TEXTS, clusters, share
from archive.stories.texts import BOILERPLATE_TEXTS, Text

SYLLABLES = "ба қа ла ма на са та ша жа ға ды ты сы ны лы қы ры бо до қо со ор ар ыр ал ас қаз дар лар тар ған қан".split()


class Press:
    """Writes sentences that nobody wrote before, the same ones for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = random.Random(seed)
        self.words = [
            "".join(self.rng.choices(SYLLABLES, k=self.rng.randint(2, 4))) for _ in range(4000)
        ]

    def sentence(self, words: int = 0) -> str:
        count = words or self.rng.randint(8, 20)
        return " ".join(self.rng.choices(self.words, k=count)).capitalize() + "."

    def article(self, paragraphs: int = 6) -> list[str]:
        return [" ".join(self.sentence() for _ in range(3)) for _ in range(paragraphs)]

    def reworded(self, text: str, part: float = 0.12) -> str:
        return " ".join(
            self.rng.choice(self.words) if self.rng.random() < part else word
            for word in text.split(" ")
        )


def found(*texts: str | list[str]) -> list[list[int]]:
    """Clusters of texts, each at a site of its own, by their places in the arguments."""
    printed = [text if isinstance(text, str) else "\n\n".join(text) for text in texts]
    made = [Text(f"{n:03}", f"site{n:03}", None, text) for n, text in enumerate(printed)]
    return [[int(name) for name in names] for names in clusters(made)]


def of_one_site(*texts: str, titles: bool = True) -> list[list[int]]:
    made = [
        Text(f"{n:03}", "site", f"Тақырып {n}" if titles else None, text)
        for n, text in enumerate(texts)
    ]
    return [[int(name) for name in names] for names in clusters(made)]


CHANGES: dict[str, Callable[[Press, list[str]], list[str]]] = {
    "nothing": lambda press, text: text,
    "the end cut": lambda press, text: text[:3],
    "the beginning cut": lambda press, text: text[3:],
    "every third paragraph out": lambda press, text: [p for n, p in enumerate(text) if n % 3],
    "paragraphs reordered": lambda press, text: text[::-1],
    "reworded": lambda press, text: [press.reworded(p) for p in text],
    "framed": lambda press, text: [press.sentence(30), *text, press.sentence(30)],
    "cut, reordered, reworded": lambda press, text: [press.reworded(p) for p in text[3::-1]],
    "Latin of 2018": lambda press, text: [to_latin(p) for p in text],
    "Latin of 2021": lambda press, text: [to_latin(p, year=2021) for p in text],
    "Arabic": lambda press, text: [to_arabic(p) for p in text],
    "look-alike letters": lambda press, text: [p.replace("ас", "ac") for p in text],
    "soft hyphens": lambda press, text: [p.replace("лар", "лар\xad") for p in text],
}


@pytest.mark.parametrize("change", CHANGES)
def test_reprints_are_found(change: str) -> None:
    press = Press()
    text = press.article()
    others = [press.article() for _ in range(5)]
    assert found(*others, text, CHANGES[change](press, text)) == [[5, 6]]


def test_planted_reprints_are_found_and_nothing_else() -> None:
    press = Press(1)
    texts: list[str] = []
    planted: set[tuple[int, int]] = set()
    pool = [press.sentence() for _ in range(3000)]  # sentences that any two articles may share
    for _ in range(150):
        text = [" ".join(press.rng.choices(pool, k=3)) for _ in range(press.rng.randint(4, 8))]
        changes = press.rng.sample(list(CHANGES), press.rng.choice([0, 0, 1, 2, 3]))
        copies = [text, *(CHANGES[change](press, text) for change in changes)]
        planted |= set(combinations(range(len(texts), len(texts) + len(copies)), 2))
        texts += ["\n\n".join(copy) for copy in copies]
    ours = {pair for cluster in found(*texts) for pair in combinations(cluster, 2)}
    assert len(ours & planted) / len(ours) >= 0.97
    assert len(ours & planted) / len(planted) >= 0.97


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(order: random.Random) -> None:
    press = Press(2)
    texts = []
    for _ in range(6):
        text = press.article(4)
        # Halves chain: which cluster the middle one joins must not depend on the order either.
        texts += [text, text[:2] + press.article(2), [press.reworded(p) for p in text]]
    made = [
        Text(f"{n:03}", f"site{n % 4}", None, "\n\n".join(text)) for n, text in enumerate(texts)
    ]
    expected = clusters(sorted(made, key=lambda text: text.site))
    assert len(expected) == 6
    sites = order.sample(range(4), 4)
    order.shuffle(made)
    assert clusters(sorted(made, key=lambda text: sites[int(text.site[4:])])) == expected


def test_texts_of_a_site_must_follow_one_another() -> None:
    texts = [Text("1", "a", None, "x"), Text("2", "b", None, "x"), Text("3", "a", None, "x")]
    with pytest.raises(ValueError, match="a do not follow"):
        clusters(texts)


def test_equal_texts_of_one_site_are_a_story_too() -> None:
    text = " ".join(Press().article(1))
    assert of_one_site(text, text, titles=False) == [[0, 1]]


@pytest.mark.parametrize("words", [18, 45])
def test_one_shared_sentence_is_no_story(words: int) -> None:
    press = Press(3)
    quotation = press.sentence(words)
    texts = [[press.sentence(14), quotation, press.sentence(14)] for _ in range(5)]
    assert found(*texts) == []


def test_sentences_of_one_pool_make_no_story() -> None:
    press = Press(4)
    pool = [press.sentence() for _ in range(600)]
    texts = [" ".join(press.rng.sample(pool, 12)) for _ in range(100)]
    assert found(*texts) == []


WEATHER = (
    "Ертең облыс аумағында көшпелі бұлтты ауа райы болады. Желдің жылдамдығы секундына {}-{} метр, "
    "ауа температурасы түнде {}, күндіз {} градус."
)


def test_notices_that_differ_in_their_numbers_are_no_story() -> None:
    numbers = [(9, 14, 2, 7), (5, 10, 0, 12), (9, 14, 5, 3), (15, 20, 2, 1)]
    notices = [WEATHER.format(*four) for four in numbers]
    assert found(*notices) == []
    assert found(*notices, notices[2]) == [[2, 4]]


CONDOLENCE = (
    "{} облысының әкімдігі мен мәслихаты {} {} анасының қайтыс болуына байланысты отбасы мен "
    "туған-туыстарына қайғырып көңіл айтады. Жатқан жері жайлы, топырағы торқа болсын."
)


def test_forms_that_differ_in_their_names_are_no_story() -> None:
    people = [("Ақтөбе", "Айдос", "Сейітов"), ("Орал", "Болат", "Омаров"), ("Орал", "Дана", "Қали")]
    forms = [CONDOLENCE.format(*names) for names in people]
    assert found(*forms) == []
    assert found(*forms, to_latin(forms[1])) == [[1, 3]]


def test_names_at_the_beginning_of_sentences_are_any_words() -> None:
    press = Press(13)
    text = [f"Айдос Болат {press.sentence(9).lower()}" for _ in range(6)]
    other = [f"Ерлан Болат {line.split(' ', 2)[2]}" for line in text]
    assert found(text, other) == [[0, 1]]


@pytest.mark.parametrize("part", [0.05, 0.12, 0.2])
def test_words_replaced(part: float) -> None:
    press = Press(14)
    texts = [press.article(4) for _ in range(8)]
    copies = [[press.reworded(p, part) for p in text] for text in texts]
    assert found(*texts, *copies) == [[n, n + 8] for n in range(8)]


@pytest.mark.parametrize("paragraphs", [4, 6])
def test_a_paragraph_that_others_quote_makes_no_story(paragraphs: int) -> None:
    press = Press(15)
    text = press.article(paragraphs)
    follow_ups = [[*press.article(2), text[n], press.article(1)[0]] for n in range(4)]
    assert found(text, *follow_ups) == []


def test_a_statement_that_all_quote_makes_no_story() -> None:
    press = Press(16)
    statement = press.article(1)[0]
    assert found(*[[*press.article(1), statement, press.article(1)[0]] for _ in range(6)]) == []


def test_equal_words_cut_into_other_sentences_count_alike_in_any_order() -> None:
    press = Press(17)
    shared = press.sentence(40)
    texts = [f"{shared}\n{press.sentence(12)}" for _ in range(BOILERPLATE_TEXTS)]
    texts.append(texts[0].replace(".\n", " ").lower())
    made = [Text(str(n), "s", str(n % BOILERPLATE_TEXTS), text) for n, text in enumerate(texts)]
    assert clusters(made) == clusters(made[::-1])


def test_a_corrected_number_leaves_an_article_in_its_story() -> None:
    press = Press(5)
    text = "\n\n".join([*press.article(3), "Апаттан 3 адам зардап шекті, 12 үй қирады."])
    assert found(text, text.replace("12 үй", "14 үй")) == [[0, 1]]


def test_a_text_with_half_of_two_others_does_not_chain_them() -> None:
    press = Press(6)
    one, other = press.article(6), press.article(6)
    (cluster,) = found(one, one[:3] + other[:3], other)
    assert len(cluster) == 2
    assert cluster != [0, 2]


def test_halves_of_an_article_that_others_have_whole_are_its_story() -> None:
    press = Press(7)
    text = press.article(6)
    assert found(text, text[:3], text[3:], [press.reworded(p) for p in text]) == [[0, 1, 2, 3]]


def test_a_digest_is_no_reprint_of_its_items() -> None:
    press = Press(8)
    items = [press.article(1) for _ in range(12)]
    assert found(*items, [paragraph for item in items for paragraph in item]) == []


def test_boilerplate_of_a_site_makes_no_story() -> None:
    press = Press(9)
    about = " ".join(press.sentence(20) for _ in range(3))
    items = [f"{press.sentence(20)}\n\n{about}" for _ in range(BOILERPLATE_TEXTS)]
    assert of_one_site(*items) == []


def test_a_notice_in_place_of_texts_makes_no_story() -> None:
    press = Press(10)
    notice = press.sentence(25)
    assert of_one_site(*[notice] * BOILERPLATE_TEXTS) == []


def test_a_form_filled_in_again_and_again_is_no_story() -> None:
    press = Press(11)
    form = press.article(3)
    filled = ["\n\n".join([press.sentence(12), *form]) for _ in range(2 * FORM_TEXTS + 1)]
    made = [Text(f"{n:02}", f"s{n // 11}", None, text) for n, text in enumerate(filled)]
    assert clusters(made) == []
    assert len(clusters(made[8:14])[0]) == 6


def test_stubs_are_no_story() -> None:
    assert (
        found("Толығырақ газетіміздің келесі санында.", "Толығырақ газетіміздің келесі санында.")
        == []
    )
    assert found("", "") == []


def test_share_is_the_part_of_the_words_that_the_other_has() -> None:
    press = Press(12)
    one, other, third = (press.sentence(10) for _ in range(3))
    assert share(one, f"{other} {one}") == 1.0
    assert share(f"{one} {other}", one) == 0.5
    assert share(f"{one} {other}", to_latin(other)) == 0.5
    assert share(one, third) == 0.0
    assert share("", one) == share("", "") == 0.0
    assert share("Бір сөз", "бір сөз!") == 1.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(), max_size=6))
def test_no_text_is_too_strange(texts: list[str]) -> None:
    for cluster in found(*texts):
        assert len(cluster) > 1
    for one, other in combinations(texts, 2):
        assert 0 <= share(one, other) <= 1


def test_equal_texts_are_duplicates_though_their_sites_repeat_each_sentence() -> None:
    press = Press(11)
    pool = [press.sentence(14) for _ in range(10)]
    reprint = "\n".join(pool)
    texts = []
    for site in ("a", "b", "c"):
        texts.append(Text(f"{site}/reprint", site, "Хабар", reprint))
        for number in range(30):
            shuffled = press.rng.sample(pool, 6)
            texts.append(Text(f"{site}/{number}", site, f"{site} {number}", "\n".join(shuffled)))
    assert ["a/reprint", "b/reprint", "c/reprint"] in clusters(texts)
