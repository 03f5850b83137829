"""Small files of the formats of other services and of collections."""

# ruff: noqa: E501

from format_sample import AT, Sample, listed

SAMPLES = {
    "Meteostat daily": Sample(
        "10637.csv",
        "year,month,day,temp,temp_source,tmin,tmin_source,tmax,tmax_source\n"
        "2026,1,9,2.4,dwd_daily,-1.0,dwd_daily,5.0,dwd_daily\n"
        "2026,1,10,12.4,metno_forecast,-1.0,dwd_daily,5.0,dwd_daily\n",
        {("10637", "2026-01-09"): 2.4},
        AT, (",2.4,", ",2.4 C,", 2, "temp"), station_list=listed("10637"), dropped=1,
    ),
    "Meteostat hourly": Sample(
        "10637.csv",
        "year,month,day,hour,temp,temp_source,rhum,rhum_source\n"
        "2026,1,9,5,2.4,isd_lite,80,isd_lite\n2026,1,9,13,3.4,dwd_mosmix,80,isd_lite\n",
        {("10637", "2026-01-09T05:00"): 2.4},
        AT, ("2026,1,9,5", "2026,13,9,5", 2, "year"), dropped=1,
        station_list=listed("10637"),
    ),
    "Meteostat bulk v2, daily": Sample(
        "10637.csv",
        "2021-01-01,2.4,-1.0,5.0,0.0,,210,10.1,,1010.0,\n"
        "2021-01-02,,-1.0,5.0,0.0,,210,10.1,,1010.0,\n",
        {("10637", "2021-01-01"): 2.4},
        AT, ("2021-01-02,,", "2021-01-32,,", 2, "date"),
        station_list=listed("10637"),
    ),
    "Meteostat bulk v2, hourly": Sample(
        "10637.csv",
        "2021-01-01,5,2.4,-1.0,50,0.0,,210,10.1,,1010.0,,7\n",
        {("10637", "2021-01-01T05:00"): 2.4},
        AT, (",5,2.4", ",25,2.4", 1, "date"), station_list=listed("10637"),
    ),
    "IEM ASOS/METAR": Sample(
        "ZZZ.csv",
        "#DEBUG: Format Typ    -> comma\n#DEBUG: Time Zone     -> America/New_York\n"
        "station,valid,lon,lat,elevation,tmpf,dwpf\n"
        "ZZZ,2021-07-01 00:53,-5.25,61.5,230.00,59.00,50.00\n"
        "ZZZ,2021-12-01 00:53,-5.25,61.5,230.00,32.00,M\n"
        "ZZZ,2021-12-01 01:53,-5.25,61.5,230.00,M,M\n",
        {("ZZZ", "2021-07-01T04:53"): 15.0, ("ZZZ", "2021-12-01T05:53"): 0.0},
        AT, (",59.00,", ",59.00F,", 4, "tmpf"),
    ),
    "IEM ASOS/METAR (tmpc)": Sample(
        "ZZZ.tsv",
        "station\tvalid\ttmpc\nZZZ\t2021-07-01 00:53\t15.0\nZZZ\t2021-07-01 01:53\tnull\n",
        {("ZZZ", "2021-07-01T00:53"): 15.0},
        AT, ("15.0", "1S.0", 2, "tmpc"), station_list=listed("ZZZ"),
    ),
    "IEM daily": Sample(
        "daily.csv",
        "station,day,max_temp_f,min_temp_f,precip_in\nZZZ,2021-07-01,68,50,0.0\n"
        "ZZZ,2021-07-02,None,50,0.0\n",
        {("ZZZ", "2021-07-01"): 15.0},
        AT, (",68,", ",6B,", 2, "max_temp_f"), station_list=listed("ZZZ"),
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
        AT, ('"-3.5"', '"-3.5E"', 2, "Mean Temp (°C)"),
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
        AT, (",277.15,", ",277.l5,", 2, "observation_value"),
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
        AT, (",278.15,", ",278.15K,", 2, "observation_value"), dropped=1,
    ),
    "Synoptic (MesoWest) time series": Sample(
        "ZZMET.2021-01-01.csv",
        "# STATION: ZZMET\n# STATION NAME: A Lab\n# LATITUDE: 61.5\n"
        "# LONGITUDE: -5.25\n# ELEVATION [ft]: 754.59\n# STATE: ZZ\n"
        "Station_ID,Date_Time,volt_set_1,air_temp_set_1\n,,volts,Fahrenheit\n"
        "ZZMET,2021-01-01T08:30:00Z,13.5,23.0\n"
        "ZZMET,2021-01-01T01:35:00-0700,13.5,41.0\n",
        {("ZZMET", "2021-01-01T08:30"): -5.0, ("ZZMET", "2021-01-01T08:35"): 5.0},
        AT, (",23.0", ",23.0F", 9, "air_temp_set_1"),
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
        AT, ("|278.15|", "|278.15 K|", 2, "observation_value"), dropped=1,
    ),
    "NDBC standard meteorological": Sample(
        "99999h2021.txt",
        "#YY  MM DD hh mm WDIR WSPD  PRES  ATMP  WTMP\n"
        "#yr  mo dy hr mn degT m/s   hPa   degC  degC\n"
        "2021 03 01 06 50 275  5.8 1019.5  12.1  12.6\n"
        "2021 03 01 07 50 275  5.8 1019.5 999.0  12.6\n",
        {("99999", "2021-03-01T06:50"): 12.1},
        AT, (" 12.1 ", " 12.1C ", 3, "ATMP"), station_list=listed("99999"),
    ),
    "BOM IDCJAC0010": Sample(
        "IDCJAC0010_099999_1800_Data.csv",
        "Product code,Bureau of Meteorology station number,Year,Month,Day,"
        "Maximum temperature (Degree C),Days of accumulation of maximum temperature,"
        "Quality\n"
        "IDCJAC0010,099999,2021,01,05,31.5,1,Y\nIDCJAC0010,099999,2021,01,07,35.5,2,Y\n"
        "IDCJAC0010,099999,2021,01,08,,,\n",
        {("099999", "2021-01-05"): 31.5},
        AT, (",31.5,", ",31.5C,", 2, "Maximum temperature (Degree C)"),
        variable="tasmax", station_list=listed("99999"),
    ),
    "BOM IDCJAC0011": Sample(
        "IDCJAC0011_099999_1800_Data.csv",
        "Product code,Bureau of Meteorology station number,Year,Month,Day,"
        "Minimum temperature (Degree C),Days of accumulation of minimum temperature,"
        "Quality\nIDCJAC0011,099999,2021,01,05,11.5,1,N\n",
        {("099999", "2021-01-05"): 11.5},
        AT, (",11.5,", ",11.5C,", 2, "Minimum temperature (Degree C)"),
        variable="tasmin", station_list=listed("99999"),
    ),
    "GeoSphere klima-v2-1d": Sample(
        "klima.csv",
        "time,station,tl_mittel,tlmax,tlmin\n2021-01-01T00:00+00:00,99,-3.5,1.0,-8.0\n"
        "2021-01-02T00:00+00:00,99,,1.0,-8.0\n",
        {("99", "2021-01-01"): -3.5},
        AT, (",-3.5,", ",-3.5x,", 2, "tl_mittel"), station_list=listed("99"),
    ),
}  # fmt: skip
