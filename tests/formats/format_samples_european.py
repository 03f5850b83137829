"""Small files of the formats of European services."""

# ruff: noqa: E501

from format_sample import AT, Sample, listed

SAMPLES = {
    "ECA&D station file": Sample(
        "TG_SOUID200002.txt",
        "EUROPEAN CLIMATE ASSESSMENT & DATASET (ECA&D)\n\nmean in 0.1 °C\n\n"
        " STAID, SOUID,    DATE,   TG, Q_TG\n"
        "    42,200002,20190228,  -35,    0\n"
        "    42,200002,20190301,  380,    1\n"
        "    42,200002,20190302,-9999,    9\n",
        {("42", "2019-02-28"): -3.5},
        AT, ("  -35", "  -3b", 6, "TG"), dropped=1, encoding="latin-1",
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
        AT, ("13.4", "13.4°", 2, "TMK"),
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
        AT, ("  13.4", "  13.4/", 2, "TT_TU"),
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
        AT, (" -13.4", " - 13.4", 2, "TT_10"), station_list=listed("00042"),
    ),
    "Météo-France quotidiennes": Sample(
        "Q_99_latest.csv",
        "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJ;RR;QRR;TN;QTN;TX;QTX;TM;QTM\n"
        " 01014002;UN LIEU;61.500000;-5.250000;230;20210203;0.0;1;1.0;1;9.0;1;5.5;1\n"
        " 01014002;UN LIEU;61.500000;-5.250000;230;20210204;0.0;1;1.0;1;9.0;1;45.5;2\n"
        " 01014002;UN LIEU;61.500000;-5.250000;230;20210205;0.0;1;1.0;1;9.0;1;-6.5;9\n",
        {("01014002", "2021-02-03"): 5.5, ("01014002", "2021-02-05"): -6.5},
        AT, (";-6.5;", ";-6.5a;", 4, "TM"), dropped=1,
    ),
    "Météo-France horaires": Sample(
        "H_99_latest.csv",
        "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;RR1;QRR1;T;QT;TD;QTD\n"
        "01014002;UN LIEU;61.5;-5.25;230;2021020318;0.0;1;5.5;1;1;1\n"
        "01014002;UN LIEU;61.5;-5.25;230;2021020319;0.0;1;15.5;2;1;1\n"
        "01014002;UN LIEU;61.5;-5.25;230;2021020320;0.0;1;;;1;1\n",
        {("01014002", "2021-02-03T18:00"): 5.5},
        AT, (";5.5;", ";5.5°;", 2, "T"), dropped=1,
    ),
    "Météo-France SYNOP": Sample(
        "synop.202101.csv",
        "numer_sta;date;pmer;tend;t;td;u\n"
        "07005;20210101000000;102190;-160;281.150000;278.250000;82\n"
        "07005;20210101030000;102190;-160;mq;278.250000;82\n",
        {("07005", "2021-01-01T00:00"): 8.0},
        AT, ("281.15", "281.15K", 2, "t"),
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
        AT, (";-4.5;", ";-4.5*;", 3, "tre200d0"),
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
        AT, (";3.5;", ";3.5-;", 2, "tre200h0"), station_list=listed("ZZZ"),
    ),
    "MeteoSwiss OGD 10 minutes": Sample(
        "ogd-smn_zzz_t_recent.csv",
        "station_abbr;reference_timestamp;tre200s0;ure200s0\n"
        "ZZZ;05.02.2021 13:10;-3.5;99\n",
        {("ZZZ", "2021-02-05T13:10"): -3.5},
        AT, ("13:10", "25:10", 2, "reference_timestamp"),
        station_list=listed("ZZZ"),
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
        AT, ("  -22,", "  -2 2,", 8, "TG"),
    ),
    "KNMI uurgeg": Sample(
        "uurgeg_299.txt",
        "# STN      LON(east)   LAT(north)     ALT(m)  NAME\n"
        "# 299:        -5.250       61.500      230.00  EEN PLAATS\n"
        "# STN,YYYYMMDD,   HH,   DD,    T,  T10\n"
        "  299,20210301,   23,  240,   15,     \n  299,20210301,   24,  240,  -16,     \n",
        {("299", "2021-03-01T23:00"): 1.5, ("299", "2021-03-02T00:00"): -1.6},
        AT, (",   24,", ",   25,", 5, "HH"),
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
        AT, (";-4.5;", ";-4.5!;", 13, "Lufttemperatur"), dropped=1,
    ),
    "SMHI metobs, hourly": Sample(
        "smhi-opendata_1_99999.csv",
        "Stationsnamn;Stationsnummer;Stationshöjd (meter över havet);Latitud;Longitud\n"
        "Ett ställe;99999;230;61.5;-5.25\n\nParameternamn;Beskrivning;Enhet\n"
        "Lufttemperatur;momentanvärde, 1 gång/tim;celsius\n\n"
        "Datum;Tid (UTC);Lufttemperatur;Kvalitet;;Tidsutsnitt:\n"
        "2021-03-01;06:00:00;1.4;G;;Kontrollerade data\n2021-03-01;07:00:00;1.6;G\n",
        {("99999", "2021-03-01T06:00"): 1.4, ("99999", "2021-03-01T07:00"): 1.6},
        AT, (";1.6;", ";1.6C;", 9, "Lufttemperatur"),
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
        AT, (",-1.0,", ",-1.O,", 13, "max_air_temp"), dropped=1,
    ),
    "MIDAS Open hourly weather": Sample(
        "midas-open_uk-hourly-weather-obs_zz_2021.csv",
        "Conventions,G,BADC-CSV,1\nobservation_station,G,somewhere\n"
        "location,G,61.5,-5.25\nheight,G,230,m\ndata\n"
        "ob_time,id,id_type,src_id,air_temperature,dewpoint,air_temperature_q\n"
        "2021-05-01 09:00:00,1,WMO,42,9.5,3.0,0\n"
        "2021-05-01 10:00:00,1,WMO,42,NA,3.0,\nend data\n",
        {("42", "2021-05-01T09:00"): 9.5},
        AT, (",9.5,", ",nine,", 7, "air_temperature"),
    ),
}  # fmt: skip
