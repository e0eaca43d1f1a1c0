"""Persons: names as newspapers print them, beside labels, roles and newsrooms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.extraction import persons


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("Автор: Айгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("Авторы Айгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("Айгүл Серікқызы, журналист", ["Айгүл Серікқызы"]),
        ("Ерлан САПАРБАЕВ және Айгүл Серікқызы", ["Ерлан САПАРБАЕВ", "Айгүл Серікқызы"]),
        ("Жіберген: А.Қ. Нұрбеков", ["А.Қ. Нұрбеков"]),
        ("By Aıgúl Seıitqyzy", ["Aıgúl Seıitqyzy"]),
        ("Добавил: Ерлан Сапарбаев", ["Ерлан Сапарбаев"]),
        ("اۆتور: ايگۇل سەرىكقىزى", ["ايگۇل سەرىكقىزى"]),
        ("Super User", []),
        ("admin", []),
        ("Kazinform", []),
        ("«Көктерек үні» газеті", []),
        ("Облыстық баспасөз қызметі", []),
        ("Фото: Ерлан Сапарбаев", []),
        ("kokterek-uni.kz", []),
        ("", []),
        ("Айгүл Серікқызы-Омарова", ["Айгүл Серікқызы-Омарова"]),
        ("Айгүл СерікқызыШолушы", ["Айгүл Серікқызы"]),
        ("Айгүл СерікқызыАйгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("Айгүл Серікқызы/Ерлан Омаров", ["Айгүл Серікқызы", "Ерлан Омаров"]),
        ("Айгүл мен Ерлан", ["Айгүл", "Ерлан"]),
        ("Айдар Омаров", ["Айдар Омаров"]),
        ("Айгүл Серікқызы Мамыр 12, 2024", ["Айгүл Серікқызы"]),
        ("12 мамыр 2024, Айгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("View all posts by Айгүл Серікқызы →", ["Айгүл Серікқызы"]),
        ("Ерлан ОМАРОВ, Жамбыл облысының әкімі", ["Ерлан ОМАРОВ"]),
        ("Соб. корр. Иван Петров", ["Иван Петров"]),
        ("А.Қ.Нұрбеков", ["А.Қ.Нұрбеков"]),
        ("Серікұлы А.", ["Серікұлы А."]),
        ("(Айгүл Серікқызы)", ["Айгүл Серікқызы"]),
        ("Aıgúl Seıitqyzy jáne Erlan Omarov", ["Aıgúl Seıitqyzy", "Erlan Omarov"]),
        ("ايگۇل سەرىكقىزى، ەرلان وماروۆ", ["ايگۇل سەرىكقىزى", "ەرلان وماروۆ"]),
        ("https://www.facebook.com/gazet.kz", []),
        ("facebook.com/gazet", []),
        ("Суретті түсірген Айгүл Серікқызы", []),
        ("Бас редактор: Ерлан Омаров", []),
        ("От редакции", []),
    ],
)
def test_authors_are_persons(printed: str, names: list[str]) -> None:
    assert persons.people([printed]) == names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("14.05.2024 | Автор: Айгүл Серікқызы | Қаралды: 12", ["Айгүл Серікқызы"]),
        ("14.05.2024 от Айгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("Posted on May 14, 2024 by Айгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("Қоғам | By Айгүл Серікқызы", ["Айгүл Серікқызы"]),
        ("Автор Айгүл Серікқызы, 14 мамыр", ["Айгүл Серікқызы"]),
        ("«Абай жолы» романының авторы Мұхтар Әуезов", []),
        ("Additional reporting by Colin Smith", []),
        ("Автор Мұхтар Әуезов бұл романды он бес жыл бойы жазып, тек кейін ғана оқырманға ұсынған еді", []),
        ("Бас редактор: Ерлан Омаров", []),
        ("Айгүл Серікқызы", []),
    ],
)  # fmt: skip
def test_labels_in_lines(line: str, names: list[str]) -> None:
    assert persons.stated(line) == names


def test_names_are_told_from_other_short_lines() -> None:
    assert persons.looks_like_name("Айгүл СЕРІКҚЫЗЫ")
    assert persons.looks_like_name("А. Нұрбеков")
    for line in ("Соңғы жаңалықтар", "Айгүл", "Ауылда жаңа мектеп ашылды", "Көктерек ауданы"):
        assert not persons.looks_like_name(line), line


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    persons.people([text])
    persons.stated(text)
    persons.looks_like_name(text)
    persons.is_byline(text, {"x"})
