"""What is known of a small file of a text format."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A file of a format.

    Attributes:
        name: Name of the file.
        text: What is in it.
        values: (station, time) -> degC of `tas` (or of `variable`).
        place: Latitude, longitude and elevation of the first station.
        spoilt: A text in the file and another that is no value, with the line and the
            column that the error names.
        variable: The variable to read.
        station_list: Name and text of a station list beside the file.
        dropped: How many values fail their quality codes.
    """

    name: str
    text: str
    values: dict[tuple[str, str], float]
    place: tuple[float, float, float]
    spoilt: tuple[str, str, int, str]
    variable: str = "tas"
    station_list: tuple[str, str] | None = None
    dropped: int = 0
    encoding: str = "utf-8"


PLAIN = "station,lat,lon,elevation\n"


def listed(station: str) -> tuple[str, str]:
    return "list.csv", f"{PLAIN}{station},61.5,-5.25,230\n"


AT = (61.5, -5.25, 230.0)


def companions(name: str) -> str:
    kinds = ("Measurement_Code", "Quality_Code", "Report_Type", "Source_Code")
    return "|".join((name, *(f"{name}_{kind}" for kind in kinds)))
