"""archive.kazakh: the Kazakh language as code: letters, scripts, languages, search forms.

It needs nothing but Python, and can be used by itself; docs/kazakh.md tells what each function rests on.

>>> stem("мектептерімізде"), stem("barǵan")
('мектеп', 'бар')
>>> identify("Ауылда жаңа мектеп ашылды"), identify("Айылда жаңы мектеп ачылды")
('kk', 'ky')
>>> script("Jańa mektep"), [language for _, language in of_paragraphs("Бұл қазақша.\\n\\nА это по-русски.")]
('Latn', ['kk', 'ru'])
>>> to_latin("Жаңа мектеп", year=2021), to_arabic("қазақ тілі")
('Jaña mektep', 'قازاق ٴتىلى')
>>> in_cyrillic("mektep"), in_cyrillic("مەكتەپ"), spellings("kun")
('мектеп', 'мектеп', ['күн', 'құн'])
"""

from archive.kazakh.language import identify, of_paragraphs, script
from archive.kazakh.letters import faithful, fold_lookalikes
from archive.kazakh.stems import analyse
from archive.kazakh.transliterate import key, to_arabic, to_cyrillic, to_latin
from archive.kazakh.words import in_cyrillic, spellings

__all__ = [
    "analyse",
    "faithful",
    "fold_lookalikes",
    "identify",
    "in_cyrillic",
    "key",
    "lemmas",
    "of_paragraphs",
    "script",
    "spellings",
    "stem",
    "to_arabic",
    "to_cyrillic",
    "to_latin",
]


def stem(word: str) -> str:
    """The likeliest dictionary form of a word in any script: of a noun the nominative, of a verb the root.

    >>> stem("Mektepterimizde"), stem("барған")
    ('мектеп', 'бар')
    """
    return lemmas(word)[0]


def lemmas(word: str) -> list[str]:
    """All dictionary forms that a word in any script may be a form of, likeliest first; never empty.

    >>> lemmas("қалады")[0], lemmas("kun"), lemmas("")
    ('қал', ['күн', 'құн'], [''])
    """
    found = (reading.stem for text in spellings(word.lower()) for reading in analyse(text))
    return list(dict.fromkeys(found))
