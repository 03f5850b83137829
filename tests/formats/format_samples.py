"""A small file of each text format, the values in it, and how a line is spoiled."""

# ruff: noqa: E501

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


_PLAIN = "station,lat,lon,elevation\n"


def _listed(station: str) -> tuple[str, str]:
    return "list.csv", f"{_PLAIN}{station},61.5,-5.25,230\n"


_AT = (61.5, -5.25, 230.0)


def _companions(name: str) -> str:
    kinds = ("Measurement_Code", "Quality_Code", "Report_Type", "Source_Code")
    return "|".join((name, *(f"{name}_{kind}" for kind in kinds)))


SAMPLES = {
    "GHCNh": Sample(
        "GHCNh_ZZI0000TEST_2026.psv",
        "STATION|Station_name|DATE|LATITUDE|LONGITUDE|ELEVATION|"
        f"{_companions('temperature')}|{_companions('dew_point_temperature')}\n"
        "ZZI0000TEST|TEST|2026-03-01T06:00:00|61.5|-5.25|230.0|-7.5||1|FM-12|335|-9.0||1||\n"
        "ZZI0000TEST|TEST|2026-03-01T06:20:00|61.5|-5.25|230.0|-7.0|||FM-15|220|-9.0||1||\n"
        "ZZI0000TEST|TEST|2026-03-01T07:00:00|61.5|-5.25|230.0|39.0||L|FM-12|335|-9.0||1||\n"
        "ZZI0000TEST|TEST|2026-03-01T08:00:00|61.5|-5.25|230.0|38.0||2|FM-12|335|-9.0||1||\n"
        "ZZI0000TEST|TEST|2026-03-01T09:00:00|61.5|-5.25|230.0|-6.5||5|FM-12|335|-9.0||1||\n"
        "ZZI0000TEST|TEST|2026-03-01T10:00:00|61.5|-5.25|230.0|||9|FM-12|335|-9.0||1||\n",
        {
            ("ZZI0000TEST", "2026-03-01T06:00"): -7.5,
            ("ZZI0000TEST", "2026-03-01T06:20"): -7.0,
            ("ZZI0000TEST", "2026-03-01T09:00"): -6.5,
        },
        _AT, ("|-7.0|", "|-7.O|", 3, "temperature"), dropped=2,
    ),
    "GHCNh (before 2026)": Sample(
        "GHCNh_ZZI0000TEST_2023.psv",
        "Station_ID|Station_name|Year|Month|Day|Hour|Minute|Latitude|Longitude|"
        f"Elevation|{_companions('temperature')}\n"
        "ZZI0000TEST|TEST|2023|11|02|09|5|61.5|-5.25|230.0|4.5||1|FM-12|335\n"
        "ZZI0000TEST|TEST|2023|11|2|10|05|61.5|-5.25|230.0|44.5||3|FM-12|335\n"
        "Station_ID|Station_name|Year|Month|Day|Hour|Minute|Latitude|Longitude|"
        f"Elevation|{_companions('temperature')}\n"
        "ZZI0000TEST|TEST|2023|12|02|09|05|61.5|-5.25|230.0|-0.5||1|FM-12|335\n",
        {
            ("ZZI0000TEST", "2023-11-02T09:05"): 4.5,
            ("ZZI0000TEST", "2023-12-02T09:05"): -0.5,
        },
        _AT, ("|-0.5|", "|--0.5|", 5, "temperature"), dropped=1,
    ),
    "ISD global-hourly (CSV)": Sample(
        "01234099999.csv",
        '"STATION","DATE","SOURCE","LATITUDE","LONGITUDE","ELEVATION","NAME",'
        '"REPORT_TYPE","TMP","DEW"\n'
        '"01234099999","2021-07-03T06:00:00","4","61.5","-5.25","230.0","A PLACE, NO",'
        '"FM-12","+0123,1","+0100,1"\n'
        '"01234099999","2021-07-03T07:00:00","4","61.5","-5.25","230.0","A PLACE, NO",'
        '"FM-12","-0007,C","+0100,1"\n'
        '"01234099999","2021-07-03T08:00:00","4","61.5","-5.25","230.0","A PLACE, NO",'
        '"FM-12","+0450,6","+0100,1"\n'
        '"01234099999","2021-07-03T09:00:00","4","61.5","-5.25","230.0","A PLACE, NO",'
        '"FM-12","+9999,9","+0100,1"\n',
        {
            ("01234099999", "2021-07-03T06:00"): 12.3,
            ("01234099999", "2021-07-03T07:00"): -0.7,
        },
        _AT, ("-0007,C", "-00O7,C", 3, "TMP"), dropped=1,
    ),
    "GSOD (CSV)": Sample(
        "01001499999.csv",
        '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","TEMP",'
        '"TEMP_ATTRIBUTES","MAX","MAX_ATTRIBUTES","MIN","MIN_ATTRIBUTES","FRSHTT"\n'
        '"01001499999","2024-01-01","61.5","-5.25","230.0","SOME PLACE, NO","  50.0",'
        '" 8","  59.0","*","  40.0"," ","000000"\n'
        '"01001499999","2024-01-02","61.5","-5.25","230.0","SOME PLACE, NO","9999.9",'
        '" 0","  68.0","*","9999.9"," ","000000"\n',
        {("01001499999", "2024-01-01"): 10.0},
        _AT, ("  50.0", "  5O.0", 2, "TEMP"),
    ),
    "GHCN-Daily access (CSV)": Sample(
        "ZZ000001234.csv",
        '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","TMAX",'
        '"TMAX_ATTRIBUTES","TMIN","TMIN_ATTRIBUTES","SNOW","SNOW_ATTRIBUTES"\n'
        '"ZZ000001234","2021-01-05","61.50","-5.25","230.0","A PLACE, NO","   15",",,E",'
        '"  -62",",,E","",""\n'
        '"ZZ000001234","2021-01-06","61.50","-5.25","230.0","A PLACE, NO","  -11",",,E",'
        '"  -83",",,E","",""\n'
        '"ZZ000001234","2021-01-07","61.50","-5.25","230.0","A PLACE, NO","  400",",S,E",'
        '"  -81",",,E","",""\n'
        '"ZZ000001234","2021-01-08","61.50","-5.25","230.0","A PLACE, NO","-9999","",'
        '"  -81",",,E","",""\n',
        {
            ("ZZ000001234", "2021-01-05"): -2.35,
            ("ZZ000001234", "2021-01-06"): -4.7,
        },
        _AT, ("  -83", "  -8E", 3, "TMIN"), dropped=1,
    ),
    "GHCN-Daily order (CDO, CSV)": Sample(
        "1234567.csv",
        '"STATION","NAME","LATITUDE","LONGITUDE","ELEVATION","DATE","TMAX",'
        '"TMAX_ATTRIBUTES","TMIN","TMIN_ATTRIBUTES"\n'
        '"ZZW00001234","A PLACE, ZZ","61.5","-5.25","230","2020-02-03","50",",,W,2400",'
        '"32",",,W"\n'
        '"ZZW00001234","A PLACE, ZZ","61.5","-5.25","230","2020-02-04","113",",I,W",'
        '"32",",,W"\n'
        '"ZZW00001234","A PLACE, ZZ","61.5","-5.25","230","2020-02-05","59",",,W",'
        '"41",",,W"\n',
        {
            ("ZZW00001234", "2020-02-03"): 5.0,
            ("ZZW00001234", "2020-02-05"): 10.0,
        },
        _AT, ('"59"', '"5?9"', 4, "TMAX"), dropped=1,
    ),
    "GHCN-Daily order (CDO, before 2016)": Sample(
        "654321.csv",
        "STATION,STATION_NAME,ELEVATION,LATITUDE,LONGITUDE,DATE,TMAX,TMIN\n"
        "GHCND:ZZW00001234,A PLACE,230,61.5,-5.25,20110301,105,-9999\n"
        "GHCND:ZZW00001234,A PLACE,230,61.5,-5.25,20110302,105,15\n",
        {("ZZW00001234", "2011-03-02"): 6.0},
        _AT, (",15", ",15m", 3, "TMIN"),
    ),
    "USCRN daily01": Sample(
        "CRND0103-2021-ZZ_Nowhere_9_N.txt",
        " 3047 20210601  2.622   -5.25   61.50    14.0     2.0     8.0     7.1     0.0"
        "     4.26 R     5.0    -5.0     0.4    96.3    55.7    80.3" + "   0.200" * 5
        + "     1.4" * 5 + "\n"
        " 3047 20210602  2.622   -5.25   61.50 -9999.0     2.0 -9999.0 -9999.0     0.0"
        "     4.26 R     5.0    -5.0     0.4    96.3    55.7    80.3" + "   0.200" * 5
        + "     1.4" * 5 + "\n",
        {("3047", "2021-06-01"): 8.0},
        _AT, ("     8.0     7.1", "     8,0     7.1", 1, "T_DAILY_MEAN"),
        station_list=_listed("3047"),
    ),
    "USCRN hourly02": Sample(
        "CRNH0203-2021-ZZ_Nowhere_9_N.txt",
        "03047 20210601 0100 20210531 2000  2.622   -5.25   61.50     8.4     8.9"
        + "     1.0" * 28 + "\n"
        "03047 20210601 0200 20210531 2100  2.622   -5.25   61.50 -9999.0     8.9"
        + "     1.0" * 28 + "\n",
        {("03047", "2021-06-01T01:00"): 8.4},
        _AT, ("     8.4", "     8.4x", 1, "T_CALC"), station_list=_listed("3047"),
    ),
    "USCRN subhourly01": Sample(
        "CRNS0101-05-2021-ZZ_Nowhere_9_N.txt",
        "03047 20210601 0005 20210531 1905  2.622   -5.25   61.50    -3.4"
        + "     1.0" * 14 + "\n"
        "03047 20210601 0010 20210531 1910  2.622   -5.25   61.50    -3.5"
        + "     1.0" * 14 + "\n",
        {("03047", "2021-06-01T00:05"): -3.4, ("03047", "2021-06-01T00:10"): -3.5},
        _AT, ("-3.5", "-3.5.", 2, "AIR_TEMPERATURE"), station_list=_listed("3047"),
    ),
    "ECA&D station file": Sample(
        "TG_SOUID200002.txt",
        "EUROPEAN CLIMATE ASSESSMENT & DATASET (ECA&D)\n\nmean in 0.1 °C\n\n"
        " STAID, SOUID,    DATE,   TG, Q_TG\n"
        "    42,200002,20190228,  -35,    0\n"
        "    42,200002,20190301,  380,    1\n"
        "    42,200002,20190302,-9999,    9\n",
        {("42", "2019-02-28"): -3.5},
        _AT, ("  -35", "  -3b", 6, "TG"), dropped=1, encoding="latin-1",
        station_list=(
            "sources.txt",
            "A LIST\n\nSTAID, SOUID,SOUNAME,CN,      LAT,       LON,HGHT,ELEI,START,STOP\n"
            "   42,200001,A PLACE, THE OLD,ZZ,+61:30:00,-005:15:00,  230, TG1,,\n"
            "   42,200002,A PLACE         ,ZZ,+61:30:00,-005:15:00,  230, TG2,,\n",
        ),
    ),
    "DWD klima_tag": Sample(
        "produkt_klima_tag_20210801_20210804_00042.txt",
        "STATIONS_ID;MESS_DATUM;QN_3;  FX;QN_4; RSK; TMK; TXK; TNK;eor\n"
        "         42;20210801;-999;-999;    1; 0.0; 13.4; 20.0; 11.0;eor\n"
        "         42;20210802;-999;-999;    1; 0.0;-999; 20.0; 11.0;eor\n"
        "         42;20210803;-999;-999;    1; 0.0; -0.4;  2.0;-11.0;eor\n",
        {("42", "2021-08-01"): 13.4, ("42", "2021-08-03"): -0.4},
        _AT, ("13.4", "13.4°", 2, "TMK"),
        station_list=(
            "KL_Tageswerte_Beschreibung_Stationen.txt",
            "Stations_id von_datum bis_datum Stationshoehe geoBreite geoLaenge "
            "Stationsname Bundesland Abgabe\n----------- ---------\n"
            "00042 19500101 20260801            230     61.5000   -5.2500 Ein Ort"
            "                 Hessen     Frei\n",
        ),
    ),
    "DWD stundenwerte TU": Sample(
        "produkt_tu_stunde_20210801_20210802_00042.txt",
        "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n"
        "         42;2021080122;    3;  13.4;  80.0;eor\n"
        "         42;2021080123;    3;-999;  80.0;eor\n",
        {("42", "2021-08-01T22:00"): 13.4},
        _AT, ("  13.4", "  13.4/", 2, "TT_TU"),
        station_list=(
            "Metadaten_Geographie_00042.txt",
            "Stations_id;Stationshoehe;Geogr.Breite;Geogr.Laenge;von_datum;bis_datum;"
            "Stationsname\n"
            "         42; 210.00; 61.4000; -5.2000;19500101;19991231;Alt\n"
            "         42; 230.00; 61.5000; -5.2500;20000101;        ;Neu\n",
        ),
    ),
    "DWD zehn_min tu": Sample(
        "produkt_zehn_min_tu_20210801_20210802_00042.txt",
        "STATIONS_ID;MESS_DATUM;  QN;PP_10;TT_10;TM5_10;RF_10;TD_10;eor\n"
        "         42;202108012210;    3; -999; -13.4; -999; 80; 1;eor\n",
        {("42", "2021-08-01T22:10"): -13.4},
        _AT, (" -13.4", " - 13.4", 2, "TT_10"), station_list=_listed("00042"),
    ),
    "Météo-France quotidiennes": Sample(
        "Q_99_latest.csv",
        "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJ;RR;QRR;TN;QTN;TX;QTX;TM;QTM\n"
        " 01014002;UN LIEU;61.500000;-5.250000;230;20210203;0.0;1;1.0;1;9.0;1;5.5;1\n"
        " 01014002;UN LIEU;61.500000;-5.250000;230;20210204;0.0;1;1.0;1;9.0;1;45.5;2\n"
        " 01014002;UN LIEU;61.500000;-5.250000;230;20210205;0.0;1;1.0;1;9.0;1;-6.5;9\n",
        {("01014002", "2021-02-03"): 5.5, ("01014002", "2021-02-05"): -6.5},
        _AT, (";-6.5;", ";-6.5a;", 4, "TM"), dropped=1,
    ),
    "Météo-France horaires": Sample(
        "H_99_latest.csv",
        "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;RR1;QRR1;T;QT;TD;QTD\n"
        "01014002;UN LIEU;61.5;-5.25;230;2021020318;0.0;1;5.5;1;1;1\n"
        "01014002;UN LIEU;61.5;-5.25;230;2021020319;0.0;1;15.5;2;1;1\n"
        "01014002;UN LIEU;61.5;-5.25;230;2021020320;0.0;1;;;1;1\n",
        {("01014002", "2021-02-03T18:00"): 5.5},
        _AT, (";5.5;", ";5.5°;", 2, "T"), dropped=1,
    ),
    "Météo-France SYNOP": Sample(
        "synop.202101.csv",
        "numer_sta;date;pmer;tend;t;td;u\n"
        "07005;20210101000000;102190;-160;281.150000;278.250000;82\n"
        "07005;20210101030000;102190;-160;mq;278.250000;82\n",
        {("07005", "2021-01-01T00:00"): 8.0},
        _AT, ("281.15", "281.15K", 2, "t"),
        station_list=(
            "postesSynop.csv",
            "ID;Nom;Latitude;Longitude;Altitude\n07005;UN LIEU;61.5;-5.25;230\n",
        ),
    ),
    "MeteoSwiss OGD daily": Sample(
        "ogd-smn_zzz_d_recent.csv",
        "station_abbr;reference_timestamp;rre150d0;tre200d0;tre200dx;tre200dn\n"
        "ZZZ;05.02.2021 00:00;0;3.5;8;1\nZZZ;06.02.2021 00:00;0;-4.5;9;2\n",
        {("ZZZ", "2021-02-05"): 3.5, ("ZZZ", "2021-02-06"): -4.5},
        _AT, (";-4.5;", ";-4.5*;", 3, "tre200d0"),
        station_list=(
            "ogd-smn_meta_stations.csv",
            "station_abbr;station_name;station_height_masl;"
            "station_coordinates_wgs84_lat;station_coordinates_wgs84_lon\n"
            "ZZZ;Irgendwo;230.0;61.5;-5.25\n",
        ),
    ),
    "MeteoSwiss OGD hourly": Sample(
        "ogd-smn_zzz_h_recent.csv",
        "station_abbr;reference_timestamp;tre200h0;tre200hn\n"
        "ZZZ;05.02.2021 13:00;3.5;1\n",
        {("ZZZ", "2021-02-05T13:00"): 3.5},
        _AT, (";3.5;", ";3.5-;", 2, "tre200h0"), station_list=_listed("ZZZ"),
    ),
    "MeteoSwiss OGD 10 minutes": Sample(
        "ogd-smn_zzz_t_recent.csv",
        "station_abbr;reference_timestamp;tre200s0;ure200s0\n"
        "ZZZ;05.02.2021 13:10;-3.5;99\n",
        {("ZZZ", "2021-02-05T13:10"): -3.5},
        _AT, ("13:10", "25:10", 2, "reference_timestamp"),
        station_list=_listed("ZZZ"),
    ),
    "KNMI etmgeg": Sample(
        "etmgeg_299.txt",
        "# BRON: IEMAND\n# STN      LON(east)   LAT(north)  ALT(m)      NAME\n"
        "# 299:        -5.250       61.500      230.00  EEN PLAATS\n"
        "# TG        : Etmaalgemiddelde temperatuur (in 0.1 graden Celsius)\n"
        "# STN,YYYYMMDD,DDVEC,   TG,   TN,   TX\n#\n"
        "  299,20210301,   70,   31,    1,   70\n"
        "  299,20210302,   70,  -22,  -50,   20\n"
        "  299,20210303,   70,     ,     ,     \n",
        {("299", "2021-03-01"): 3.1, ("299", "2021-03-02"): -2.2},
        _AT, ("  -22,", "  -2 2,", 8, "TG"),
    ),
    "KNMI uurgeg": Sample(
        "uurgeg_299.txt",
        "# STN      LON(east)   LAT(north)     ALT(m)  NAME\n"
        "# 299:        -5.250       61.500      230.00  EEN PLAATS\n"
        "# STN,YYYYMMDD,   HH,   DD,    T,  T10\n"
        "  299,20210301,   23,  240,   15,     \n  299,20210301,   24,  240,  -16,     \n",
        {("299", "2021-03-01T23:00"): 1.5, ("299", "2021-03-02T00:00"): -1.6},
        _AT, (",   24,", ",   25,", 5, "HH"),
    ),
    "SMHI metobs, daily": Sample(
        "smhi-opendata_2_99999.csv",
        "Stationsnamn;Stationsnummer;Stationsnät;Mäthöjd (meter över marken)\n"
        "Ett ställe;99999;SMHIs stationsnät;2.0\n\nParameternamn;Beskrivning;Enhet\n"
        "Lufttemperatur;medelvärde 1 dygn, 1 gång/dygn, kl 00;celsius\n\n"
        "Tidsperiod (fr.o.m);Tidsperiod (t.o.m);Höjd (meter över havet);"
        "Latitud (decimalgrader);Longitud (decimalgrader)\n"
        "1950-01-01 00:00:00;1999-12-31 23:59:59;150.0;61.4000;-5.2000\n"
        "2000-01-01 00:00:00;2021-03-31 23:59:59;230.0;61.5000;-5.2500\n\n"
        "Från Datum Tid (UTC);Till Datum Tid (UTC);Representativt dygn;Lufttemperatur;"
        "Kvalitet;;Tidsutsnitt:\n"
        "2021-03-01 00:00:01;2021-03-02 00:00:00;2021-03-01;5.3;G;;Kontrollerade data\n"
        "2021-03-02 00:00:01;2021-03-03 00:00:00;2021-03-02;-4.5;Y;;\n"
        "2021-03-03 00:00:01;2021-03-04 00:00:00;2021-03-03;6.2;R\n",
        {("99999", "2021-03-01"): 5.3, ("99999", "2021-03-02"): -4.5},
        _AT, (";-4.5;", ";-4.5!;", 13, "Lufttemperatur"), dropped=1,
    ),
    "SMHI metobs, hourly": Sample(
        "smhi-opendata_1_99999.csv",
        "Stationsnamn;Stationsnummer;Stationshöjd (meter över havet);Latitud;Longitud\n"
        "Ett ställe;99999;230;61.5;-5.25\n\nParameternamn;Beskrivning;Enhet\n"
        "Lufttemperatur;momentanvärde, 1 gång/tim;celsius\n\n"
        "Datum;Tid (UTC);Lufttemperatur;Kvalitet;;Tidsutsnitt:\n"
        "2021-03-01;06:00:00;1.4;G;;Kontrollerade data\n2021-03-01;07:00:00;1.6;G\n",
        {("99999", "2021-03-01T06:00"): 1.4, ("99999", "2021-03-01T07:00"): 1.6},
        _AT, (";1.6;", ";1.6C;", 9, "Lufttemperatur"),
    ),
    "MIDAS Open daily temperature": Sample(
        "midas-open_uk-daily-temperature-obs_zz_2021.csv",
        "Conventions,G,BADC-CSV,1\nobservation_station,G,somewhere\n"
        "src_id,G,00042\nlocation,G,61.5,-5.25\nheight,G,230,m\nmissing_value,G,NA\n"
        "long_name,max_air_temp,maximum,degC\ndata\n"
        "ob_end_time,id_type,id,ob_hour_count,version_num,met_domain_name,src_id,"
        "rec_st_ind,max_air_temp,min_air_temp,max_air_temp_q,min_air_temp_q\n"
        "2021-05-01 09:00:00,DCNN,1,24,1,DLY3208,42,1001,9.0,3.0,6,0\n"
        "2021-05-01 21:00:00,DCNN,1,12,1,DLY3208,42,1001,30.0,3.0,0,0\n"
        "2021-05-02 09:00:00,DCNN,1,24,1,DLY3208,42,1001,19.0,3.0,106,0\n"
        "2021-05-03 09:00:00,DCNN,1,24,1,DLY3208,42,1001,-1.0,-3.0,0,0\nend data\n",
        {("42", "2021-05-01T09:00"): 6.0, ("42", "2021-05-03T09:00"): -2.0},
        _AT, (",-1.0,", ",-1.O,", 13, "max_air_temp"), dropped=1,
    ),
    "MIDAS Open hourly weather": Sample(
        "midas-open_uk-hourly-weather-obs_zz_2021.csv",
        "Conventions,G,BADC-CSV,1\nobservation_station,G,somewhere\n"
        "location,G,61.5,-5.25\nheight,G,230,m\ndata\n"
        "ob_time,id,id_type,src_id,air_temperature,dewpoint,air_temperature_q\n"
        "2021-05-01 09:00:00,1,WMO,42,9.5,3.0,0\n"
        "2021-05-01 10:00:00,1,WMO,42,NA,3.0,\nend data\n",
        {("42", "2021-05-01T09:00"): 9.5},
        _AT, (",9.5,", ",nine,", 7, "air_temperature"),
    ),
    "Meteostat daily": Sample(
        "10637.csv",
        "year,month,day,temp,temp_source,tmin,tmin_source,tmax,tmax_source\n"
        "2026,1,9,2.4,dwd_daily,-1.0,dwd_daily,5.0,dwd_daily\n"
        "2026,1,10,12.4,metno_forecast,-1.0,dwd_daily,5.0,dwd_daily\n",
        {("10637", "2026-01-09"): 2.4},
        _AT, (",2.4,", ",2.4 C,", 2, "temp"), station_list=_listed("10637"), dropped=1,
    ),
    "Meteostat hourly": Sample(
        "10637.csv",
        "year,month,day,hour,temp,temp_source,rhum,rhum_source\n"
        "2026,1,9,5,2.4,isd_lite,80,isd_lite\n2026,1,9,13,3.4,dwd_mosmix,80,isd_lite\n",
        {("10637", "2026-01-09T05:00"): 2.4},
        _AT, ("2026,1,9,5", "2026,13,9,5", 2, "year"), dropped=1,
        station_list=_listed("10637"),
    ),
    "Meteostat bulk v2, daily": Sample(
        "10637.csv",
        "2021-01-01,2.4,-1.0,5.0,0.0,,210,10.1,,1010.0,\n"
        "2021-01-02,,-1.0,5.0,0.0,,210,10.1,,1010.0,\n",
        {("10637", "2021-01-01"): 2.4},
        _AT, ("2021-01-02,,", "2021-01-32,,", 2, "date"),
        station_list=_listed("10637"),
    ),
    "Meteostat bulk v2, hourly": Sample(
        "10637.csv",
        "2021-01-01,5,2.4,-1.0,50,0.0,,210,10.1,,1010.0,,7\n",
        {("10637", "2021-01-01T05:00"): 2.4},
        _AT, (",5,2.4", ",25,2.4", 1, "date"), station_list=_listed("10637"),
    ),
    "IEM ASOS/METAR": Sample(
        "ZZZ.csv",
        "#DEBUG: Format Typ    -> comma\n#DEBUG: Time Zone     -> America/New_York\n"
        "station,valid,lon,lat,elevation,tmpf,dwpf\n"
        "ZZZ,2021-07-01 00:53,-5.25,61.5,230.00,59.00,50.00\n"
        "ZZZ,2021-12-01 00:53,-5.25,61.5,230.00,32.00,M\n"
        "ZZZ,2021-12-01 01:53,-5.25,61.5,230.00,M,M\n",
        {("ZZZ", "2021-07-01T04:53"): 15.0, ("ZZZ", "2021-12-01T05:53"): 0.0},
        _AT, (",59.00,", ",59.00F,", 4, "tmpf"),
    ),
    "IEM ASOS/METAR (tmpc)": Sample(
        "ZZZ.tsv",
        "station\tvalid\ttmpc\nZZZ\t2021-07-01 00:53\t15.0\nZZZ\t2021-07-01 01:53\tnull\n",
        {("ZZZ", "2021-07-01T00:53"): 15.0},
        _AT, ("15.0", "1S.0", 2, "tmpc"), station_list=_listed("ZZZ"),
    ),
    "IEM daily": Sample(
        "daily.csv",
        "station,day,max_temp_f,min_temp_f,precip_in\nZZZ,2021-07-01,68,50,0.0\n"
        "ZZZ,2021-07-02,None,50,0.0\n",
        {("ZZZ", "2021-07-01"): 15.0},
        _AT, (",68,", ",6B,", 2, "max_temp_f"), station_list=_listed("ZZZ"),
    ),
    "Environment Canada daily": Sample(
        "en_climate_daily_ZZ_7654321_2021_P1D.csv",
        '\ufeff"Longitude (x)","Latitude (y)","Station Name","Climate ID","Date/Time",'
        '"Year","Max Temp (°C)","Max Temp Flag","Min Temp (°C)","Min Temp Flag",'
        '"Mean Temp (°C)","Mean Temp Flag"\n'
        '"-5.25","61.50","A PLACE","7654321","2021-01-03","2021","1.0","","-8.0","",'
        '"-3.5",""\n'
        '"-5.25","61.50","A PLACE","7654321","2021-01-04","2021","1.0","","","M",'
        '"","M"\n'
        '"-5.25","61.50","A PLACE","7654321","2021-01-05","2021","1.0","","-1.0","",'
        '"0.5","E"\n',
        {("7654321", "2021-01-03"): -3.5, ("7654321", "2021-01-05"): 0.5},
        _AT, ('"-3.5"', '"-3.5E"', 2, "Mean Temp (°C)"),
        station_list=(
            "Station Inventory EN.csv",
            'Modified Date: 2026-01-01\n\n\n"Name","Province","Climate ID","Station ID",'
            '"Latitude (Decimal Degrees)","Longitude (Decimal Degrees)",'
            '"Elevation (m)"\n"A PLACE","ZZ","7654321","1","61.5","-5.25","230"\n',
        ),
    ),
    "CDS in-situ land, daily": Sample(
        "daily.csv",
        "date_time,observation_duration,longitude,latitude,observed_variable,units,"
        "observation_value,value_significance,primary_station_id,station_name,"
        "quality_flag,station_elevation\n"
        "2021-01-01 00:00:00+00:00,1 day,-5.25,61.5,air temperature,K,277.15,"
        "Maximum value of observed parameter,ZZ1,X,Passed,230\n"
        "2021-01-01 00:00:00+00:00,1 day,-5.25,61.5,air temperature,K,271.15,"
        "Minimum value of observed parameter,ZZ1,X,Passed,230\n"
        "2021-01-01 00:00:00+00:00,1 day,-5.25,61.5,wind speed,m s-1,7,"
        "Mean value of observed parameter,ZZ1,X,Passed,230\n",
        {("ZZ1", "2021-01-01"): 1.0},
        _AT, (",277.15,", ",277.l5,", 2, "observation_value"),
    ),
    "CDS in-situ land, sub-daily": Sample(
        "subdaily.csv",
        "date_time,observation_duration,longitude,latitude,observed_variable,units,"
        "observation_value,value_significance,primary_station_id,quality_flag,"
        "elevation\n"
        "2021-01-01 02:00:00+00:00,instantaneous,-5.25,61.5,air temperature,K,278.15,"
        "Instantaneous,ZZ1,Passed,230\n"
        "2021-01-01 02:00:00+00:00,instantaneous,-5.25,61.5,dew point temperature,K,"
        "270.15,Instantaneous,ZZ1,Passed,230\n"
        "2021-01-01 03:00:00+00:00,instantaneous,-5.25,61.5,air temperature,K,308.15,"
        "Instantaneous,ZZ1,Failed,230\n",
        {("ZZ1", "2021-01-01T02:00"): 5.0},
        _AT, (",278.15,", ",278.15K,", 2, "observation_value"), dropped=1,
    ),
    "Synoptic (MesoWest) time series": Sample(
        "ZZMET.2021-01-01.csv",
        "# STATION: ZZMET\n# STATION NAME: A Lab\n# LATITUDE: 61.5\n"
        "# LONGITUDE: -5.25\n# ELEVATION [ft]: 754.59\n# STATE: ZZ\n"
        "Station_ID,Date_Time,volt_set_1,air_temp_set_1\n,,volts,Fahrenheit\n"
        "ZZMET,2021-01-01T08:30:00Z,13.5,23.0\n"
        "ZZMET,2021-01-01T01:35:00-0700,13.5,41.0\n",
        {("ZZMET", "2021-01-01T08:30"): -5.0, ("ZZMET", "2021-01-01T08:35"): 5.0},
        _AT, (",23.0", ",23.0F", 9, "air_temp_set_1"),
    ),
    "CDS in-situ land, sub-daily (reports)": Sample(
        "reports.psv",
        "station_name|primary_station_id|longitude|latitude|"
        "height_of_station_above_sea_level|report_timestamp|observed_variable|units|"
        "observation_value|quality_flag|value_significance\n"
        "A|ZZ1|-5.25|61.5|230|2021-01-01 02:00:00+00|air_temperature|K|278.15|0|\n"
        "A|ZZ1|-5.25|61.5|230|2021-01-01 02:00:00+00|air_temperature|K|288.15|0|"
        "maximum over 12 h\n"
        "A|ZZ1|-5.25|61.5|230|2021-01-01 03:00:00+00|air_temperature|K|298.15|1|\n",
        {("ZZ1", "2021-01-01T02:00"): 5.0},
        _AT, ("|278.15|", "|278.15 K|", 2, "observation_value"), dropped=1,
    ),
    "NDBC standard meteorological": Sample(
        "99999h2021.txt",
        "#YY  MM DD hh mm WDIR WSPD  PRES  ATMP  WTMP\n"
        "#yr  mo dy hr mn degT m/s   hPa   degC  degC\n"
        "2021 03 01 06 50 275  5.8 1019.5  12.1  12.6\n"
        "2021 03 01 07 50 275  5.8 1019.5 999.0  12.6\n",
        {("99999", "2021-03-01T06:50"): 12.1},
        _AT, (" 12.1 ", " 12.1C ", 3, "ATMP"), station_list=_listed("99999"),
    ),
    "BOM IDCJAC0010": Sample(
        "IDCJAC0010_099999_1800_Data.csv",
        "Product code,Bureau of Meteorology station number,Year,Month,Day,"
        "Maximum temperature (Degree C),Days of accumulation of maximum temperature,"
        "Quality\n"
        "IDCJAC0010,099999,2021,01,05,31.5,1,Y\nIDCJAC0010,099999,2021,01,07,35.5,2,Y\n"
        "IDCJAC0010,099999,2021,01,08,,,\n",
        {("099999", "2021-01-05"): 31.5},
        _AT, (",31.5,", ",31.5C,", 2, "Maximum temperature (Degree C)"),
        variable="tasmax", station_list=_listed("99999"),
    ),
    "BOM IDCJAC0011": Sample(
        "IDCJAC0011_099999_1800_Data.csv",
        "Product code,Bureau of Meteorology station number,Year,Month,Day,"
        "Minimum temperature (Degree C),Days of accumulation of minimum temperature,"
        "Quality\nIDCJAC0011,099999,2021,01,05,11.5,1,N\n",
        {("099999", "2021-01-05"): 11.5},
        _AT, (",11.5,", ",11.5C,", 2, "Minimum temperature (Degree C)"),
        variable="tasmin", station_list=_listed("99999"),
    ),
    "GeoSphere klima-v2-1d": Sample(
        "klima.csv",
        "time,station,tl_mittel,tlmax,tlmin\n2021-01-01T00:00+00:00,99,-3.5,1.0,-8.0\n"
        "2021-01-02T00:00+00:00,99,,1.0,-8.0\n",
        {("99", "2021-01-01"): -3.5},
        _AT, (",-3.5,", ",-3.5x,", 2, "tl_mittel"), station_list=_listed("99"),
    ),
}  # fmt: skip
