"""What a warmed parent does once, before the first fork. (being written)"""


def warm() -> None:
    import os

    os.environ["COPKIT_CHARTS"] = "spec"
    import copkit
    from copkit.models import panorama
    from copkit.presentation import charts, report, tables, workbook  # noqa

    for code in ("reg-32", "dep-59"):
        panorama.panorama(code)
    os.environ.pop("COPKIT_CHARTS")
