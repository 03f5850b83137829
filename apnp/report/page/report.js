"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const MISSING = -32768;

  function bytes(text) {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  }

  async function unpacked(text) {
    const stream = new Blob([bytes(text)]).stream();
    const plain = stream.pipeThrough(new DecompressionStream("deflate"));
    return new Response(plain).arrayBuffer();
  }

  // The cell whose edges (ascending) enclose a value, or -1.
  function cell(edges, value) {
    if (!(value >= edges[0] && value <= edges[edges.length - 1])) return -1;
    let low = 0, high = edges.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (edges[middle] <= value) low = middle; else high = middle;
    }
    return low;
  }

  function worstTable(map, shift) {
    const table = byId("worst");
    if (!table) return;
    const head = table.insertRow();
    for (const text of ["station", "latitude", "longitude", "elevation (m)", "CRPS", "bias"]) {
      const th = document.createElement("th");
      th.textContent = text;
      head.append(th);
    }
    for (const station of data.worst) {
      const row = table.insertRow();
      const first = row.insertCell();
      if (map) {
        const button = document.createElement("button");
        button.textContent = station.id;
        button.addEventListener("click", () => {
          const at = [station.at[0], shift(station.at[1])];
          map.setView(at, Math.max(map.getZoom(), 5));
          L.circleMarker(at, { radius: 9, color: "#d00" }).addTo(map);
          byId("map").scrollIntoView({ block: "center" });
        });
        first.append(button);
      } else {
        first.textContent = station.id;
      }
      const numbers = [station.at[0].toFixed(3), station.at[1].toFixed(3),
        station.elevation.toFixed(0), station.crps.toFixed(2), station.bias.toFixed(2)];
      for (const number of numbers) row.insertCell().textContent = number;
    }
  }

  async function drawMap(field) {
    byId("map-section").hidden = false;
    const { rows, columns } = field;
    const ny = rows.length - 1, nx = columns.length - 1;
    const west = columns[0], bounds = [[rows[0], west], [rows[ny], columns[nx]]];
    const shift = (lon) => west + ((((lon - west) % 360) + 360) % 360);
    const map = L.map("map", {
      crs: L.CRS.EPSG4326, preferCanvas: true, zoomSnap: 0.25, minZoom: -2,
      maxBounds: L.latLngBounds(bounds).pad(0.5),
    });
    map.attributionControl.setPrefix("Leaflet");
    map.fitBounds(bounds);
    map.createPane("raster").style.zIndex = 250;
    const overlay = L.imageOverlay("data:,", bounds, { pane: "raster" }).addTo(map);
    for (const line of field.lines) {
      const style = line.kind === "coast"
        ? { color: "#222", weight: 1 } : { color: "#666", weight: 0.6 };
      L.polyline(line.path, { ...style, interactive: false }).addTo(map);
    }
    const dots = L.layerGroup().addTo(map);
    let layer = 0, time = 0, values = [], flags = null;

    function number(which, index) {
      const packed = values[which][index];
      const { scale, offset } = field.layers[which];
      return packed === MISSING ? NaN : packed * scale + offset;
    }

    function paint() {
      const { low, high, ramp } = field.layers[layer];
      const colours = bytes(ramp);
      // Rows of the picture are equally high, whatever the rows of the grid.
      const canvas = document.createElement("canvas");
      canvas.width = nx;
      canvas.height = ny;
      const context = canvas.getContext("2d"), image = context.createImageData(nx, ny);
      for (let y = 0; y < ny; y++) {
        const lat = rows[ny] - ((y + 0.5) / ny) * (rows[ny] - rows[0]);
        const row = cell(rows, lat);
        for (let x = 0; x < nx; x++) {
          const value = number(layer, row * nx + x), at = 4 * (y * nx + x);
          if (Number.isNaN(value)) continue;
          const step = Math.min(255, Math.max(0, Math.round((255 * (value - low)) / (high - low))));
          image.data.set(colours.subarray(3 * step, 3 * step + 3), at);
          image.data[at + 3] = 255;
        }
      }
      context.putImageData(image, 0, 0);
      overlay.setUrl(canvas.toDataURL());
      legend(colours, low, high);
    }

    function legend(colours, low, high) {
      const context = byId("ramp").getContext("2d"), image = context.createImageData(256, 1);
      for (let i = 0; i < 256; i++) {
        image.data.set(colours.subarray(3 * i, 3 * i + 3), 4 * i);
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, 0, 0);
      byId("low").textContent = low.toFixed(1);
      byId("high").textContent = high.toFixed(1);
      byId("units").textContent = field.layers[layer].units;
    }

    function drawStations() {
      dots.clearLayers();
      if (!byId("stations").checked) return;
      for (const station of field.stations) {
        const value = station.values[time];
        if (value === null) continue;
        const popup = document.createElement("span");
        popup.textContent = `${station.id}: ${value} ${field.units}`;
        L.circleMarker(station.at, {
          radius: 3, weight: 1, color: "#000", fillColor: "#fff", fillOpacity: 0.9,
        }).bindPopup(popup).addTo(dots);
      }
    }

    function show(event) {
      const y = cell(rows, event.latlng.lat), x = cell(columns, shift(event.latlng.lng));
      const place = `${event.latlng.lat.toFixed(2)}, ${event.latlng.lng.toFixed(2)}: `;
      const index = y * nx + x;
      if (y < 0 || x < 0 || Number.isNaN(number(0, index))) {
        byId("value").textContent = `${place}no prediction`;
        return;
      }
      byId("value").textContent = `${place}${number(0, index).toFixed(2)} ± `
        + `${number(1, index).toFixed(2)} ${field.units}`
        + (flags[index] ? " (extrapolated)" : "");
    }

    async function choose() {
      const at = Number(byId("time").value);
      const read = await Promise.all(field.layers.map((l) => unpacked(l.values[at])));
      const read_flags = await unpacked(field.extrapolated[at]);
      if (at !== Number(byId("time").value)) return; // the slider has moved on
      time = at;
      values = read.map((buffer) => new Int16Array(buffer));
      flags = new Int8Array(read_flags);
      byId("time-text").textContent = field.times[time];
      paint();
      drawStations();
    }

    field.layers.forEach((l, i) => byId("layer").add(new Option(l.name, i)));
    byId("layer").addEventListener("change", (e) => { layer = Number(e.target.value); paint(); });
    byId("stations").addEventListener("change", drawStations);
    byId("time").max = field.times.length - 1;
    byId("time-control").hidden = field.times.length < 2;
    byId("time").addEventListener("input", choose);
    await choose();
    map.on("mousemove click", show);
    worstTable(map, shift);
    document.body.dataset.ready = "yes";
  }

  if (data.map) {
    drawMap(data.map);
  } else {
    worstTable(null, null);
    document.body.dataset.ready = "yes";
  }
})();
