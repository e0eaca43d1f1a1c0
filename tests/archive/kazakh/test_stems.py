"""Stems: each paradigm meets in its dictionary form, and nothing is cut that is no suffix."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.kazakh.letters import CYRILLIC
from archive.kazakh.morphology import readings, written
from archive.kazakh.stems import Evidence, analyse, is_known, likelihood, meant


def stems(word: str, evidence: Evidence | None = None) -> tuple[str, ...]:
    """What a word is indexed under, likeliest first."""
    return tuple(reading.stem for reading in analyse(word, evidence))


PARADIGMS = {
    # plural, possession, case; attributive -ғы
    "мектеп": "мектеп мектебі мектебіміз мектепке мектептің мектептер мектептерімізде мектебіндегі",
    "бала": "бала балалар баласы балаларымыз балаға балаларға баладан баламен балалардың",
    "қала": "қаланың қалаға қалада қаладан қаламен",
    "үй": "үйге үйде үйден үйлер үйіміз үйінде",
    "президент": "президенттің президентке президенті президентімен",
    "республика": "республиканың республикасы республикасының республикада",
    # voicing; a dropped vowel
    "кітап": "кітабы кітабын кітаптар кітаптың",
    "аяқ": "аяғы аяғына аяққа",
    "халық": "халқы халқының халықтың халыққа",
    "орын": "орны орнынан орындар",
    # verbs: tense, participle, converb, negation, person
    "бар": "барды барған барады барса барып бармады барамын барайық баратын",
    "кел": "келді келген келеді келіп келмейді келсе келемін келетін",
    "оқы": "оқыды оқиды оқып оқыған оқитын",
    "таны": "таниды таныды танып таныған",
    "тап": "табады тауып тапты тапқан",
    "шық": "шығады шықты шығып шыққан",
    "қой": "қояды қойды қойып қойған",
    "жарияла": "жариялады жариялайды жариялап жариялаған",
    "біл": "білетіндігімен білмейінше білдік",
    # words of their own, though derived
    "жариялан": "жарияланды жарияланған жарияланады",
    "беріл": "берілді берілген беріліп",
    "екінші": "екіншісі екіншіден",
    "көтеруші": "көтерушілердің көтерушіге",
    # loans: a doubled letter, -ст, -зд and ь that go, an і that comes, vowels that do not tell
    "класс": "класс класы класқа кластар класының",
    "металл": "металл металдар металы металдан",
    "процесс": "процесс процесі процестер процеске",
    "журналист": "журналист журналистер журналиске журналистің журналисті",
    "турист": "туристер турисі туристің туриске",
    "поезд": "поезд поезге поездар поездің",
    "съезд": "съезд съезге съезді съездің",
    "модель": "модель моделі модельдер моделін",
    "кремль": "кремль кремлі кремльде кремлін",
    "спектакль": "спектакль спектаклі спектакльдер",
    "цикл": "цикл циклі циклдер",
    "автомобиль": "автомобиль автомобильдер автомобилі автомобилінің",
    "фестиваль": "фестивалі фестивальдер фестивальге фестивалінде",
    "факт": "факт фактілер фактісі фактіні факті",
    "объект": "объектілер объектісі объектіге объектіні",
    "субъект": "субъектілер субъектісі субъектінің",
    "банк": "банк банкі банктер банкке банкінің",
    "цирк": "цирк циркі циркке цирктің",
    "митинг": "митинг митингі митингілер митингіге митингтер",
    "блог": "блог блогтар блогқа блогтың",
    "такси": "такси таксиі таксисі таксилер таксиге",
    # lexicalised forms; compounds that end in a possessive; -ғы of time
    "себеп": "себеп себебі себебін себептер",
    "негіз": "негізі негізінде негіздер",
    "рет": "ретінде рет ретімен",
    "пікір": "пікірім пікірі пікіріңіз",
    "әке": "әкем әкесі әкеміз",
    "отбасы": "отбасы отбасында отбасының отбасына отбасылар",
    "бүгін": "бүгінгі бүгінгіден",
    "кеше": "кешегі кешегіден",
    "қазір": "қазіргі қазіргінің",
    # comparatives; without somebody's
    "толық": "толығырақ толықтар",
    "көмек": "көмегінсіз көмектің көмекке",
    # pronouns and the defective verb
    "ол": "оның оған оны одан онда онымен",
    "бұл": "бұның мұның мұны бұған мұнда бұдан",
    "біз": "біздің бізге бізді бізден",
    "е": "еді екен емес екенін",
    "де": "деп деді дейді деген",
}


@pytest.mark.parametrize("stem", PARADIGMS)
def test_all_forms_meet_in_the_dictionary_form(stem: str) -> None:
    assert {form: stems(form)[0] for form in PARADIGMS[stem].split()} == dict.fromkeys(
        PARADIGMS[stem].split(), stem
    )


@pytest.mark.parametrize(
    "word",
    "үшін бірақ қазір жоғары басты қатты ұлы ішкі хабар қорған алматы астана тамыз негіз болмыс"
    " мемлекеттік қоғамдық ғылыми жаңа ескі бүгін ертең өте әрі".split(),
)
def test_what_only_looks_inflected_is_left_whole(word: str) -> None:
    assert stems(word)[0] == word


def test_a_derived_word_is_indexed_under_its_origin_but_does_not_ask_for_it() -> None:
    """«бер» finds «берілді», «берілді» not every «берді»."""
    for word, own, origin in (
        ("берілді", "беріл", "бер"),
        ("қабылданды", "қабылдан", "қабылда"),
        ("өсірушілер", "өсіруші", "өсір"),
        ("үшіншіден", "үшінші", "үш"),
    ):
        found = {a.stem: a.asked for a in analyse(word)}
        assert (found[own], found[origin]) == (True, False)
        assert stems(word)[0] == own
    assert [a.asked for a in analyse("барды")] == [True]


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("жұмысы", "жұмыс"),
        ("дауысы", "дауыс"),
        ("тасы", "тас"),
        ("әліміз", "әл"),
        ("белгілер", "белгі"),
    ],
)
def test_kazakh_words_are_no_loans(word: str, stem: str) -> None:
    assert stems(word)[0] == stem


def test_an_unknown_loan_meets_in_one_stem() -> None:
    for word, form in (
        ("герпетолист", "герпетолистер"),
        ("пургалл", "пургалдар"),
        ("гробель", "гробелі"),
    ):
        asked = {a.stem for a in analyse(word) if a.asked}
        assert asked & set(stems(form)), form
        assert {a.stem for a in analyse(form) if a.asked} & set(stems(word)), form


@pytest.mark.parametrize("stem", ["класс", "журналист", "модель", "факт", "поезд"])
def test_spellings_before_suffixes_lead_back(stem: str) -> None:
    for spelling in written(stem):
        after = "ге" if spelling[-1] == "і" else "і"
        assert stem in {r.stem for r in readings(spelling + after, {})}


@pytest.mark.parametrize(
    ("typed", "stem"),
    [
        ("қазакстан", "қазақстан"), ("казақстанның", "қазақстан"), ("мұгалім", "мұғалім"),
        ("мугалимдерге", "мұғалім"), ("жаңалыктар", "жаңалық"), ("мектептин", "мектеп"),
        ("окушылар", "оқушы"), ("денсаулык", "денсаулық"), ("кала", "қала"),
    ],
)  # fmt: skip
def test_kazakh_letters_typed_as_russian_ones(typed: str, stem: str) -> None:
    assert stems(typed)[0] == stem
    assert any(a.stem == stem and a.asked for a in analyse(typed))


def test_a_word_of_its_own_is_no_slip() -> None:
    assert {w: stems(w)[0] for w in "от сан тур бала орта".split()} == {
        w: w for w in "от сан тур бала орта".split()
    }
    assert meant("жана") == ("жаңа",), "what a query may mean beside жан"
    assert meant("мектеп") == ()


def test_what_could_be_suffixes_throughout_is_read_soon() -> None:
    started = time.process_time()
    for part in ("лар", "дағы", "ында", "сыз", "ма", "ды", "ын", "кин"):
        stems(part * (60 // len(part)))
    assert time.process_time() - started < 2


def test_vowel_harmony_and_assimilation_hold() -> None:
    """A suffix whose vowel or first letter does not fit is none: үйлар, кітаплар are no plurals."""
    assert not any(r.stem == "кітап" for r in readings("кітаплар", {}))
    fitting = [r for r in readings("үйлар", {}) if r.stem == "үй"]
    assert all(r.slots[0] == "loose" for r in fitting), "only as after a loan, at a price"
    assert any(r.stem == "үй" and r.slots == ("plural",) for r in readings("үйлер", {}))


def test_a_dropped_vowel_comes_back_only_where_it_was() -> None:
    assert "орын" in {r.stem for r in readings("орны", {"орн": "орын"})}
    assert "орын" not in {r.stem for r in readings("орны", {})}


def test_the_archives_words_are_evidence() -> None:
    """An unknown place name: its own bare form settles where the suffix begins."""
    assert (
        stems("қарғабұлақта", lambda stem: 3.0 if stem == "қарғабұлақ" else 0.0)[0] == "қарғабұлақ"
    )
    assert stems("зербұрданы", lambda stem: 9.0 if stem == "зербұрда" else 0.0)[0] == "зербұрда"
    assert stems("зербұрдан", lambda stem: 9.0 if stem == "зербұрдан" else 0.0)[0] == "зербұрдан"


def test_shares_add_up_and_the_first_is_the_largest() -> None:
    found = analyse("жазды")
    assert found[0].share == max(a.share for a in found)
    assert 0 < sum(a.share for a in found) <= 1.0001
    assert len({a.stem for a in found}) == len(found)


def test_known_and_unknown() -> None:
    assert is_known("мектептерде")
    assert not is_known("зербұрда")
    assert max(["билим", "білім", "бийлым"], key=likelihood) == "білім"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text(CYRILLIC, max_size=40)))
def test_any_word_has_a_stem_and_always_the_same(word: str) -> None:
    found = stems(word)
    assert found
    assert stems(word) == found
    assert analyse(word)[0].share > 0


@pytest.mark.parametrize(
    ("word", "noun", "verb"), [("оқуға", "оқу", "оқы"), ("қолдау", "қолдау", "қолда")]
)
def test_a_noun_that_is_a_gerund_too_is_indexed_as_both(word: str, noun: str, verb: str) -> None:
    assert set(stems(word)) == {noun, verb}


def test_a_known_word_asks_for_its_likeliest_stem_an_unknown_one_for_more() -> None:
    known = analyse("оқуға")
    assert [a.asked for a in known] == [True, False]
    assert sum(a.asked for a in analyse("зербұрданы")) > 1
