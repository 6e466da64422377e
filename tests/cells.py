"""What every workbook of the kit owes to who opens it: numbers that are numbers, sheets that print."""

import re

IDENTIFIERS = {"Dossier", "Identifiant", "Clé"}  # codes: a first zero counts
NUMBER = re.compile(r"[+\-−×]?[\s\u202f]*\d[\d\s\u202f\xa0]*([.,]\d+)?[\s\u202f\xa0]*%?")


def numbers_as_text(book, header=3):
    """Where a number, a year, a percentage or a signed number is kept as a text: sheet, cell, text."""
    found = []
    for sheet in book:
        heads = {cell.column: cell.value for cell in sheet[header]} if sheet.max_row >= header else {}
        for row in sheet.iter_rows():
            for cell in row:
                text = isinstance(cell.value, str) and NUMBER.fullmatch(cell.value.strip())
                if text and heads.get(cell.column) not in IDENTIFIERS:
                    found.append((sheet.title, cell.coordinate, cell.value))
    return found


def not_printable(book, name):
    """The sheets that print on more than one page across, upright, or without the name of what they are about."""
    return [
        sheet.title
        for sheet in book
        if sheet.page_setup.orientation != "landscape"
        or sheet.page_setup.fitToWidth not in (None, 1)  # one, when a file does not say it
        or not sheet.sheet_properties.pageSetUpPr.fitToPage
        or name not in (sheet.oddHeader.left.text or "")
        or "&P" not in (sheet.oddFooter.right.text or "").replace("&[Page]", "&P")
    ]
