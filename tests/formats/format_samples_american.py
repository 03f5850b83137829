"""Small files of the formats of NOAA."""

# ruff: noqa: E501

from format_sample import AT, Sample, companions, listed

SAMPLES = {
    "GHCNh": Sample(
        "GHCNh_ZZI0000TEST_2026.psv",
        "STATION|Station_name|DATE|LATITUDE|LONGITUDE|ELEVATION|"
        f"{companions('temperature')}|{companions('dew_point_temperature')}\n"
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
        AT, ("|-7.0|", "|-7.O|", 3, "temperature"), dropped=2,
    ),
    "GHCNh (before 2026)": Sample(
        "GHCNh_ZZI0000TEST_2023.psv",
        "Station_ID|Station_name|Year|Month|Day|Hour|Minute|Latitude|Longitude|"
        f"Elevation|{companions('temperature')}\n"
        "ZZI0000TEST|TEST|2023|11|02|09|5|61.5|-5.25|230.0|4.5||1|FM-12|335\n"
        "ZZI0000TEST|TEST|2023|11|2|10|05|61.5|-5.25|230.0|44.5||3|FM-12|335\n"
        "Station_ID|Station_name|Year|Month|Day|Hour|Minute|Latitude|Longitude|"
        f"Elevation|{companions('temperature')}\n"
        "ZZI0000TEST|TEST|2023|12|02|09|05|61.5|-5.25|230.0|-0.5||1|FM-12|335\n",
        {
            ("ZZI0000TEST", "2023-11-02T09:05"): 4.5,
            ("ZZI0000TEST", "2023-12-02T09:05"): -0.5,
        },
        AT, ("|-0.5|", "|--0.5|", 5, "temperature"), dropped=1,
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
        AT, ("-0007,C", "-00O7,C", 3, "TMP"), dropped=1,
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
        AT, ("  50.0", "  5O.0", 2, "TEMP"),
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
        AT, ("  -83", "  -8E", 3, "TMIN"), dropped=1,
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
        AT, ('"59"', '"5?9"', 4, "TMAX"), dropped=1,
    ),
    "GHCN-Daily order (CDO, before 2016)": Sample(
        "654321.csv",
        "STATION,STATION_NAME,ELEVATION,LATITUDE,LONGITUDE,DATE,TMAX,TMIN\n"
        "GHCND:ZZW00001234,A PLACE,230,61.5,-5.25,20110301,105,-9999\n"
        "GHCND:ZZW00001234,A PLACE,230,61.5,-5.25,20110302,105,15\n",
        {("ZZW00001234", "2011-03-02"): 6.0},
        AT, (",15", ",15m", 3, "TMIN"),
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
        AT, ("     8.0     7.1", "     8,0     7.1", 1, "T_DAILY_MEAN"),
        station_list=listed("3047"),
    ),
    "USCRN hourly02": Sample(
        "CRNH0203-2021-ZZ_Nowhere_9_N.txt",
        "03047 20210601 0100 20210531 2000  2.622   -5.25   61.50     8.4     8.9"
        + "     1.0" * 28 + "\n"
        "03047 20210601 0200 20210531 2100  2.622   -5.25   61.50 -9999.0     8.9"
        + "     1.0" * 28 + "\n",
        {("03047", "2021-06-01T01:00"): 8.4},
        AT, ("     8.4", "     8.4x", 1, "T_CALC"), station_list=listed("3047"),
    ),
    "USCRN subhourly01": Sample(
        "CRNS0101-05-2021-ZZ_Nowhere_9_N.txt",
        "03047 20210601 0005 20210531 1905  2.622   -5.25   61.50    -3.4"
        + "     1.0" * 14 + "\n"
        "03047 20210601 0010 20210531 1910  2.622   -5.25   61.50    -3.5"
        + "     1.0" * 14 + "\n",
        {("03047", "2021-06-01T00:05"): -3.4, ("03047", "2021-06-01T00:10"): -3.5},
        AT, ("-3.5", "-3.5.", 2, "AIR_TEMPERATURE"), station_list=listed("3047"),
    ),
}  # fmt: skip
