"""Series read again from where they are published: fetched or given, checked, compared, written when asked.

``settings`` says what is read; ``hub``, ``barometer`` and ``service`` read it; ``difference`` compares with what the kit
holds; ``version`` writes, whole or not at all.
"""
