"""The columns of a raw table turned into standard fields: merged, cleaned, converted, each wrong cell reported.

A wrong cell becomes missing and its row stays; a row is set aside only when it cannot be a project.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd

from copkit.intake import cells, columns, fields, labels, levers, places, report, totals
from copkit.intake.fields import PLACES, Collected
from copkit.intake.headers import Matched, head, match
from copkit.intake.mapping import Mapping
from copkit.intake.revisions import Revisions
from copkit.intake.sheet import FIGURES, Sheet, Stray


class Conversion:
    """One raw table on its way to the standard fields.

    ``joined``: field → texts by dossier id, from other sheets of the same file (SIRET of the demandeur, blocks).
    """

    def __init__(
        self, kind: Collected, sheet: Sheet, mapping: Mapping, ledger: report.Ledger, joined: dict[str, pd.Series]
    ) -> None:
        self.kind, self.sheet, self.mapping, self.ledger, self.joined = kind, sheet, mapping, ledger, joined
        self.missing = {text.casefold() for text in mapping.missing}
        self.matched: Matched = match(mapping, sheet)
        self.revisions = Revisions(sheet, ledger, kind)
        self.totals = totals.find(kind, sheet, self.matched, mapping)
        self.month_first = {  # fields with a date whose month can only be first
            name
            for (name, _), positions in self.matched.columns.items()
            if name in kind.fields and kind.fields[name].kind == "date"
            if any(cells.month_first(sheet.cells[position]) for position in positions)
        }
        for position in self.matched.personal:
            ledger.dropped[sheet.headers[position] or "(sans en-tête)"] = None
        known = set(map(head, mapping.ignored))
        for position in self.matched.ignored:
            if sheet.headers[position] and head(sheet.headers[position]) not in known:
                ledger.ignored[sheet.headers[position]] = None

    def tell_of_the_sheet(self) -> None:
        """Rows with a wrong number of cells, cells that the file makes unreadable, merged columns."""
        sheet, ledger = self.sheet, self.ledger
        if sheet.strays:
            ledger.add(
                "set_aside",
                sheet,
                row=[stray.row for stray in sheet.strays],
                reason=[stray.reason for stray in sheet.strays],
                content=[self._stray_content(stray) for stray in sheet.strays],
            )
        used = dict.fromkeys(position for positions in self.matched.columns.values() for position in positions)
        for problem in sheet.wrong(used, self.missing):
            ledger.problem(sheet, *problem)
        ledger.notes |= dict.fromkeys(sheet.told(used))
        self.revisions.tell()

    def _stray_content(self, stray: Stray) -> str:
        """What a row of a wrong length held, up to the first personal column: after it nobody knows what is where."""
        row = stray.cells
        first = len(row)
        if self.matched.personal and not self.ledger.personal:
            first = 0 if stray.torn else min(self.matched.personal)
        shown = [self.ledger.hide(cell) for cell in row[:first]]
        hidden = len(row) - first
        if hidden > 0:
            shown.append(f"({hidden} cellules non reprises : elles peuvent nommer une personne)")
        return json.dumps(shown, ensure_ascii=False)[:4000]

    def everywhere(self) -> pd.DataFrame:
        """What a cover says, field by field, none of its lines set aside; ``book``: the sheet that each comes from."""
        self.raw, self.rows, self.kept = self.sheet.cells, self.sheet.rows, np.arange(len(self.sheet.rows))
        texts = {name: self._text(name, where) for (name, role), where in self.matched.columns.items() if not role}
        made = {name: self._convert(name, text) for name, text in texts.items()}
        return pd.DataFrame(made, index=range(len(self.rows)))

    # -------------------------------------------------------------- a part of the rows

    def part(self, start: int, stop: int) -> pd.DataFrame:
        """The standard fields of some rows; those that cannot be a project are set aside."""
        raw = self.sheet.cells.iloc[start:stop].reset_index(drop=True)
        rows = self.sheet.rows[start:stop]
        self.raw, self.rows, self.start = raw, rows, start
        texts = {at: self._text(at[0], positions) for at, positions in self.matched.columns.items()}
        keep = self._projects(texts)
        if not keep.all():
            texts = {at: text[keep].reset_index(drop=True) for at, text in texts.items()}
            self.raw, self.rows = raw[keep].reset_index(drop=True), rows[keep.to_numpy()]
        self.kept = np.flatnonzero(keep.to_numpy()) + start
        self._doubtful_totals(texts)
        self._join(texts)
        self._constants(texts)
        made: dict[str, object] = {}
        for (name, role), text in texts.items():
            if role == "" and name in self.kind.fields and name not in (*PLACES, "lever", "thematiques"):
                made[name] = self._convert(name, text)
        made |= self._places(texts, made)
        made |= self._levers(texts)
        made |= self._origin(made)
        if self.ledger.personal:
            made |= {self.sheet.headers[i] or f"colonne {i + 1}": self.raw[i] for i in self.matched.personal}
        return pd.DataFrame(made, index=range(len(self.rows)))

    def _text(self, name: str, positions: list[int]) -> pd.Series:
        """The cleaned text of a field, from its columns."""
        texts = [columns.clean(self.raw[i], self.missing) for i in positions]
        return texts[0] if len(texts) == 1 else self.revisions.merge(name, positions, texts, self.rows)

    def _projects(self, texts: dict) -> pd.Series:
        """True for the rows that are projects; the others are set aside with their reason."""
        empty = pd.Series("", index=self.raw.index, dtype="str")
        keys = pd.DataFrame({name: texts.get((name, ""), empty) for name in self.kind.key})
        filled = (keys != "").sum(axis=1)
        reasons = pd.Series("", index=self.raw.index, dtype="str")
        reasons[filled == 0] = self._keyless()
        total = np.isin(np.arange(len(self.raw)) + self.start, list(self.totals.aside))
        reasons[total] = f"ligne de total, et non un {self.kind.noun[0]}. La retirer du fichier"
        out = reasons != ""
        if out.any():
            hidden = set() if self.ledger.personal else set(self.matched.personal)
            content = [
                json.dumps(
                    {
                        self.ledger.hide(self.sheet.headers[i]) or f"colonne {i + 1}": self.ledger.hide(cell)
                        for i, cell in enumerate(row)
                        if cell.strip() and i not in hidden
                    },
                    ensure_ascii=False,
                )
                for row in self.raw[out].itertuples(index=False)
            ]
            self.ledger.add("set_aside", self.sheet, row=self.rows[out], reason=reasons[out], content=content)
        return ~out

    def _keyless(self) -> str:
        labels_ = [f"« {self.kind.fields[name].label} »" for name in self.kind.key]
        if len(labels_) == 1:
            return f"{labels_[0]} vide. Le remplir, ou retirer la ligne"
        return f"ni {' ni '.join(labels_)}. Remplir l'un des deux, ou retirer la ligne"

    def _doubtful_totals(self, texts: dict) -> None:
        """Rows that are counted and may be totals."""
        messages = np.array([self.totals.doubts.get(position, "") for position in self.kept], dtype=object)
        name = next(name for name in reversed(self.kind.key) if (name, "") in texts)
        self._wrong(messages != "", name, texts[name, ""], messages)

    def _join(self, texts: dict) -> None:
        id_ = next((name for name, one in self.kind.fields.items() if one.kind == "id"), "")
        if (id_, "") not in texts:
            return
        for name, by_id in self.joined.items():
            found = texts[id_, ""].map(by_id).fillna("")
            here = texts.get((name, ""))
            texts[name, ""] = found if here is None else here.where(here != "", found)

    def _constants(self, texts: dict) -> None:
        for name, value in self.mapping.constants.items():
            here = texts.get((name, ""))
            texts[name, ""] = (
                pd.Series(value, index=range(len(self.rows)), dtype="str")
                if here is None
                else here.where(here != "", value)
            )

    # -------------------------------------------------------------- fields

    def _column(self, name: str, role: str = "") -> str:
        """The header that a message names."""
        positions = self.matched.columns.get((name, role)) or self.matched.columns.get((name, ""))
        return self.sheet.headers[positions[0]] if positions else self.kind.fields[name].label

    def _wrong(self, at: np.ndarray, name: str, text: pd.Series, messages: np.ndarray, role: str = "") -> None:
        if at.any():
            self.ledger.problem(self.sheet, self.rows[at], self._column(name, role), text[at], messages[at])

    def _translated(self, name: str, text: pd.Series) -> pd.Series:
        where = self.mapping.fields.get(name)
        if where is None or not where.values:
            return text
        by_key = {labels.key(label): id_ for label, id_ in where.values.items()}
        return pd.Series(cells.by_text(text, lambda t: (by_key.get(labels.key(t), t),))[0], dtype="str")

    def _convert(self, name: str, text: pd.Series) -> pd.Series:
        """A field that is neither a place nor a lever."""
        text, kind = self._translated(name, text), self.kind.fields[name].kind
        if kind in ("name", "id"):
            dated = self._dates(name, text)
            if kind == "name":
                self._figures(name, text, dated)
        if kind in ("text", "name", "id"):
            return self._hidden(name, text)
        if kind == "choice":
            return self._choice(name, text)
        numbers = self._numbers(name, text) if kind in fields.NUMBERS else None
        values, messages = cells.read(name, kind, text, self.mapping.decimal, numbers, name not in self.month_first)
        self._wrong(messages != "", name, text, messages)
        return pd.Series(values, dtype=fields.DTYPES[kind])

    def _hidden(self, name: str, text: pd.Series) -> pd.Series:
        made = self.ledger.taken(text, self.kind.name, name, self.kind.fields.get(name))
        if self.kind.fields[name].kind == "id":
            told = "un courriel n'est pas un numéro : il est retiré. Écrire le numéro, ou laisser vide."
            at = ((made == "") & (text != "")).to_numpy()
            self._wrong(at, name, text, np.full(len(text), told))
        return made

    def _dates(self, name: str, text: pd.Series) -> np.ndarray:
        """Where a workbook has a date; it is told."""
        found = np.zeros(len(text), dtype=bool)
        for position in self.matched.columns.get((name, ""), []):
            if position in self.sheet.dates:
                found |= self.sheet.dates[position][self.kept] & (text != "").to_numpy()
        told = "le tableur a mis une date dans une colonne de texte. Vérifier la cellule."
        self._wrong(found, name, text, np.full(len(text), told))
        return found

    def _figures(self, name: str, text: pd.Series, dated: np.ndarray) -> None:
        """The few names that are an amount or a date: cells that moved by a column, where nothing else betrays them."""
        at = columns.is_whole(text, FIGURES).to_numpy() & ~dated
        if 4 * at.sum() <= len(text):
            told = "un nombre ou une date à la place d'un texte : les cellules de la ligne sont peut-être décalées. "
            self._wrong(at, name, text, np.full(len(text), told + "Vérifier la ligne."))

    def _numbers(self, name: str, text: pd.Series) -> np.ndarray:
        """Where the text is that of a number of the workbook."""
        found = np.zeros(len(text), dtype=bool)
        for position in self.matched.columns.get((name, ""), []):
            if position in self.sheet.numbers:
                found |= self.sheet.numbers[position][self.kept] & (self.raw[position].str.strip() == text).to_numpy()
        return found

    def _choice(self, name: str, text: pd.Series) -> pd.Series:
        def convert(label: str) -> tuple:
            found = labels.choice(name, self.kind.fields[name], label) if label else labels.Found()
            return "".join(found.ids[:1]), labels.unknown(found.close) if found.unknown else "", found

        return self._labels(name, text, convert)[0]

    def _labels(
        self, name: str, text: pd.Series, convert: Callable[[str], tuple], sort: str = "", said: pd.Series | None = None
    ) -> list[pd.Series]:
        """What labels mean: wrong cells are told, and labels that nobody knows counted under their ``sort``.

        ``convert`` gives the values of a text, what is wrong, and what was found; ``said``: what messages cite of it.
        """
        *values, messages, found = cells.by_text(text, convert)
        text = text if said is None else said
        self._wrong(messages != "", name, text, messages)
        at = np.array([bool(one.unknown) for one in found], dtype=bool)
        seen = dict(zip(text[at], found[at], strict=True))
        for label, count in text[at].value_counts().items():
            for part in seen[label].unknown:
                self.ledger.label(sort or name, part, int(count), seen[label].close)
        return [pd.Series(value, dtype="str") for value in values]

    def _levers(self, texts: dict) -> dict[str, pd.Series]:
        """The levers and the thématiques: of their labels, or of the démarche; thématiques else follow from levers."""
        out: dict[str, pd.Series] = {}
        known = self.mapping.levers
        if known and any(name == "lever_by" for name, _ in texts):
            blank = pd.Series("", index=range(len(self.rows)), dtype="str")
            number, label = (texts.get(("lever_by", role), blank) for role in ("number", "label"))
            both, said = number.str.cat([label], sep=levers.MARK), label.where(label != "", number)
            made = self._labels("programme", both, levers.of_programme(known), "lever", said)
            out = dict(zip(("lever", "levers"), made, strict=True)) | {"lever_label": said}
            self.ledger.notes[f"Levier déduit de la démarche ({known.status})."] = None
        elif ("lever", "") in texts:
            text = self._translated("lever", texts["lever", ""])
            out = dict(zip(("lever", "levers"), self._labels("lever", text, levers.read), strict=True))
            out["lever_label"] = self._hidden("lever_label", text)
        if ("thematiques", "") in texts:
            text = self._translated("thematiques", texts["thematiques", ""])
            (out["thematiques"],) = self._labels("thematiques", text, levers.thematiques, "thematique")
        elif out:
            out["thematiques"] = pd.Series(cells.by_text(out["levers"], levers.of_levers)[0], dtype="str")
            self.ledger.notes["Thématiques déduites des leviers, le fichier n'en a pas."] = None
        return out

    def _places(self, texts: dict, made: dict) -> dict[str, object]:
        """Commune, EPCI, département, région: each distinct set of texts is located once.

        A territory of any level, already read, says them all.
        """
        roles = {f"{name}_{role}" if role else name: text for (name, role), text in texts.items() if name in PLACES}
        for name in made:
            if self.kind.fields[name].kind == "territory":
                return dict(places.located(made[name]).items())
        if not roles:
            return {}
        names = list(roles)
        joined = roles[names[0]].str.cat([roles[n] for n in names[1:]], sep=levers.MARK)
        (found,) = cells.by_text(
            joined, lambda t: (places.locate(dict(zip(names, t.split(levers.MARK), strict=True))),)
        )
        said = np.logical_or.reduce(
            [(roles[r] != "").to_numpy() for r in ("epci", "epci_code") if r in roles] or [False]
        )
        self.ledger.deduced_epci += int(np.sum(np.array([place.epci != "" for place in found], dtype=bool) & ~said))
        for role, text in roles.items():
            messages = np.array([place.wrong.get(role, "") for place in found], dtype=object)
            self._wrong(messages != "", places.ROLES[role], text, messages, _role_of(role))
            lost = np.array([role in place.unknown for place in found], dtype=bool)
            for label, count in text[lost].value_counts().items():
                close = next(p.unknown[role] for p, t in zip(found[lost], text[lost], strict=True) if t == label)
                self.ledger.label(places.ROLES[role], label, int(count), close)
        return {name: pd.Series([getattr(place, name) for place in found], dtype="str") for name in PLACES}

    def _origin(self, made: dict) -> dict[str, object]:
        programme = made.get("programme")
        count = len(self.rows)
        file, sheet, row = self.sheet.origin(self.rows)
        out: dict[str, object] = {
            "source_file": pd.Series(file, index=range(count), dtype="str"),
            "sheet": pd.Series(sheet, index=range(count), dtype="str"),
            "row": row,
        }
        if self.mapping.programme:
            default = pd.Series(self.mapping.programme, index=range(count), dtype="str")
            out["programme"] = default if programme is None else programme.where(programme != "", default)
        return out


def _role_of(role: str) -> str:
    name, _, rest = role.rpartition("_")
    return rest if name in PLACES else ""
