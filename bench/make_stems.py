"""make_stems: learns archive/kazakh/stems.tsv and transitions.tsv from word counts.

    python -m bench.make_stems FILE…     texts, or KazNERD's IOB2 files (the first column is read)

Every word of the texts is a mixture of its readings (archive.kazakh.morphology). Expectation
maximisation settles how common each stem is and how often suffixes follow one another; a word's own
share of a stem's weight is left out when that word is read again, so that no word explains itself.
Shipped: KazNERD, test and validation parts (https://github.com/IS2AI/KazNERD, CC BY 4.0).
"""

from __future__ import annotations

import argparse
import math
import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

from archive.kazakh import stems as model
from archive.kazakh.letters import AS_TYPED, SPECIFIC
from archive.kazakh.morphology import LOOSE, NOUN, VERB, WordReading, readings, written

HOME = Path(model.__file__).parent
WORD = re.compile("[а-яёәғқңөұүһі]+")
ROUNDS = 6
SLIP = 0.05
"""A stem with less than this part of the weight of one that is typed alike is a slip."""
_AORIST = 1.5
"""Cost of -р after a vowel, which looks like the end of a plural (жолдар: жол + дар, жолда + р)."""


def count(paths: list[Path]) -> Counter[str]:
    """How often each word occurs."""
    counts: Counter[str] = Counter()
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            tagged = re.fullmatch(r"(\S+) [BIO](-\w+)?", line)
            counts.update(WORD.findall((tagged[1] if tagged else line).lower()))
    return counts


class Learner:
    """Weights of stems and of transitions, and the words they are learnt from."""

    def __init__(self, counts: Counter[str]) -> None:
        closed = tomllib.loads((HOME / "closed.toml").read_text("utf-8"))
        self.syncope = model.spellings(closed)
        self.never = frozenset(closed["not_stems"].split())
        self.whole = frozenset(w for words in closed["whole"].values() for w in words.split())
        forms = {
            w
            for line in closed["paradigms"].strip().splitlines()
            for w in line.replace(":", " ").split()
        }
        lines = (HOME / "verbs.txt").read_text("utf-8").splitlines()
        self.verbs = frozenset(line for line in lines if not line.startswith("#"))
        lines = (HOME / "nouns.txt").read_text("utf-8").splitlines()
        self.nouns = frozenset(line for line in lines if not line.startswith("#"))
        self.never |= {w for noun in self.nouns for w in written(noun)} - self.nouns - self.whole
        self.words = {
            word: (1 + math.log(number), readings(word, self.syncope))
            for word, number in counts.items()
            if len(word) > 1 and word not in forms and word not in self.whole
        }
        plurals = (re.match("(.+у)л[ае]р", word) for word in self.words)
        self.counted = {plural[1] for plural in plurals if plural}
        """Actions that have a plural, and so have become words of their own (зерттеулер)."""
        self.shares = {
            word: [1 / len(found)] * len(found) for word, (_, found) in self.words.items()
        }
        self.collect()

    def collect(self) -> None:
        """Add up the weights that the present shares of all readings give."""
        self.weights: dict[str, dict[str, float]] = {
            NOUN: defaultdict(float),
            VERB: defaultdict(float),
        }
        self.following: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for word, (weight, found) in self.words.items():
            for reading, share in zip(found, self.shares[word], strict=True):
                if share < 1e-4:
                    continue
                self.weights[reading.kind][reading.stem] += share * weight
                before = reading.kind
                for slot in (*(s for s in reading.slots if s != LOOSE), "end"):
                    self.following[before][slot] += share * weight
                    before = slot
        for verb in self.verbs:
            self.weights[VERB][verb] += 1.0
        for word in self.whole:
            self.weights[NOUN][word] += 3.0
        for noun in self.nouns - self.whole:
            self.weights[NOUN][noun] += 1.0
        self.totals = {kind: sum(stems.values()) for kind, stems in self.weights.items()}
        self.sums = {slot: sum(after.values()) for slot, after in self.following.items()}

    def trusted(self, stem: str, kind: str) -> float:
        """Which part of a stem's weight is believed."""
        if kind == NOUN:
            if stem in self.never:
                return 0.001
            if stem in self.nouns:
                return 1.0
            before_suffixes = written(stem)
            if before_suffixes and (
                stem not in self.words or before_suffixes[0] in self.nouns | self.whole
            ):
                return 0.001
            return model.DISTRUST if model.looks_odd(stem) or self.is_form(stem) else 1.0
        if stem in self.verbs:
            return 1.0
        return 0.5 if model.DENOMINAL.search(stem) and len(stem) > 4 else 0.003

    def is_form(self, word: str) -> bool:
        """Whether a word is a form of one that people wrote down (балам: бала; бермеу: бер)."""
        return any(self.tells(r, word) for r in readings(word, self.syncope) if r.slots)

    def tells(self, reading: WordReading, word: str) -> bool:
        """Whether it is more likely than not that a word with this reading is no stem."""
        slots, stem = reading.slots, reading.stem
        if reading.kind == VERB:
            if slots == ("gerund",) and word in self.counted:
                return False
            return stem in self.verbs and (
                slots[-1] == "gerund" or (len(slots) > 1 and len(stem) > 2)
            )
        return LOOSE not in slots and (
            stem in self.nouns or (slots[0] == "relative" and stem in self.whole)
        )

    def unknown(self, stem: str, kind: str) -> float:
        """Probability of a stem before anything is counted."""
        cost = model.LETTER * model.letters_told(stem) + (model.SHORT if len(stem) == 2 else 0)
        cost += model.INFLECTED if model.looks_odd(stem) else 0
        pattern, share, start = (
            (model.DERIVED_NOUN, 0.1, 3) if kind == NOUN else (model.DENOMINAL, 0.005, 2)
        )
        ending = pattern.search(stem)
        if kind == VERB and stem not in self.verbs:
            cost += model.NEW_DENOMINAL if ending and len(stem) > 3 else model.NEW_VERB
        chance = math.exp(-cost)
        if ending and ending.start() >= start:
            base = self.weights[NOUN].get(stem[: ending.start()], 0)
            chance += share * base / self.totals[NOUN]
        return chance

    def score(self, reading: WordReading, own: float) -> float:
        """Log-likelihood of a reading, its word's own weight left out."""
        stem, kind = reading.stem, reading.kind
        weight = max(self.weights[kind].get(stem, 0.0) - own, 0.0) * self.trusted(stem, kind)
        score = math.log(weight + model.UNKNOWN * self.unknown(stem, kind))
        score += math.log(self.totals[kind] / (self.totals[kind] + model.UNKNOWN))
        before = kind
        for slot in (*reading.slots, "end"):
            if slot == LOOSE:
                score -= model.loose_cost(reading.stem)
                continue
            after = self.following.get(before, {})
            score += math.log((after.get(slot, 0) + 0.05) / (self.sums.get(before, 0) + 2))
            score -= _AORIST if slot == "aorist" else 0
            before = slot
        return score

    def round(self) -> None:
        """Read every word again with what is known, and count again."""
        for word, (weight, found) in self.words.items():
            own: dict[tuple[str, str], float] = defaultdict(float)
            for reading, share in zip(found, self.shares[word], strict=True):
                own[reading.kind, reading.stem] += share * weight
            scores = [self.score(r, own[r.kind, r.stem]) for r in found]
            best = max(scores)
            chances = [math.exp(score - best) for score in scores]
            total = sum(chances)
            self.shares[word] = [chance / total for chance in chances]
        self.collect()

    def write(self) -> None:
        """Rewrite the two tables."""
        rows: dict[tuple[str, str], float] = {(verb, "v"): 0.3 for verb in self.verbs}
        rows |= {(noun, "n"): 1.0 for noun in self.nouns}
        for kind, counted in self.weights.items():
            for stem, number in counted.items():
                weight = number * self.trusted(stem, kind)
                least = 0.8 if kind == NOUN or stem in self.verbs else 1.5
                if weight >= least:
                    rows[stem, kind[0]] = round(weight, 1)
        strongest: dict[str, float] = defaultdict(float)
        for (stem, _), weight in rows.items():
            typed = stem.translate(AS_TYPED)
            strongest[typed] = max(strongest[typed], weight)
        for stem, kind in [*rows]:
            slip = rows[stem, kind] < min(1.5, strongest[stem.translate(AS_TYPED)] * SLIP)
            if (
                slip
                and not set(stem) & set(SPECIFIC)
                and stem not in self.nouns | self.verbs | self.whole
            ):
                del rows[stem, kind]  # кала, where Kazakh letters were not to be had
        head = (
            "# Stems, their kind (n: inflected like nouns, v: verb) and weight (about 1 + ln of the "
            "occurrences of each form).\n# Made by bench/make_stems.py from verbs.txt, closed.toml and "
            "the word counts of KazNERD, test and validation parts\n# (R. Yeshpanov, Y. Khassanov, "
            "H. A. Varol, ISSAI; https://github.com/IS2AI/KazNERD), CC BY 4.0.\n"
        )
        lines = [f"{stem}\t{kind}\t{weight:g}\n" for (stem, kind), weight in sorted(rows.items())]
        (HOME / "stems.tsv").write_text(head + "".join(lines), "utf-8")
        head = "# How often, in the same weights, a slot of suffixes.toml follows another; made with stems.tsv.\n"
        lines = [
            f"{before}\t{slot}\t{max(1, round(weight))}\n"
            for before, after in sorted(self.following.items())
            for slot, weight in sorted(after.items())
            if weight >= 0.5
        ]
        (HOME / "transitions.tsv").write_text(head + "".join(lines), "utf-8")
        print(f"{len(rows)} stems")


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    learner = Learner(count(parser.parse_args().files))
    for _ in range(ROUNDS):
        learner.round()
    learner.write()


if __name__ == "__main__":
    main()
