"""Series read again from where they are published: fetched or given, checked, compared, written when asked.

``settings`` says what is read; ``service`` asks for it, ``hub`` and ``barometer`` read it by ``rules``; ``difference``
compares it with what the kit holds; ``update`` does all of it, and writes, whole or not at all.
"""
