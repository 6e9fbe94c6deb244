"use strict";
(() => {
  const get = (id) => document.getElementById("viewer-" + id);
  const data = JSON.parse(get("data").textContent);
  /** A number as text with a true minus sign, which zero has not. */
  const minus = (number) => String(number).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
  const short = (value) => minus(Number(value.toPrecision(3)));
  let nv, subject, layer, ground, place = [0, 0, 0];
  const images = new Map();

  async function inflate(base64) {
    const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }

  /** The image of a layer for NiiVue, and its integers for the time courses; made once. */
  async function load(one, name, colours) {
    if (!images.has(one)) {
      const buffer = await inflate(one.nifti);
      const view = new DataView(buffer);
      const steps = new Int16Array(buffer, view.getFloat32(108, true));
      const { NVImage } = niivue;
      const image = await NVImage.new(buffer, name, colours, 1, null, one.low, one.high, true, 0, true);
      images.set(one, { image, steps, step: view.getFloat32(112, true) });
    }
    return images.get(one);
  }

  async function showSubject(index) {
    images.clear();
    layer = undefined;
    subject = data.subjects[index];
    await showGround();
    get("layers").replaceChildren(get("layers").firstElementChild, ...subject.layers.map(choice));
    setRanges();
    get("time-label").hidden = !subject.times.length;
    const moves = subject.layers.some((one) => one.frames > 1);
    for (const of of [get("chart"), document.querySelector(".viewer-key")]) of.style.display = moves ? "" : "none";
    Object.assign(get("time"), { max: Math.max(subject.times.length - 1, 0), value: 0 });
    for (const moving of subject.layers.filter((one) => one.frames > 1)) await load(moving, moving.key + ".nii", "gray");
    await showLayer(subject.layers.find((one) => one.key === "correlation") ?? subject.layers[0]);
    moveTo(subject.start);
  }

  /** What lies under the colours: the subject's mean volume, or the template of the space. */
  async function showGround() {
    const chosen = get("ground").value === "template" ? data.template : subject.anatomy;
    ground = await load(chosen, "ground.nii", "gray");
    for (const old of [...nv.volumes]) nv.removeVolume(old);
    nv.addVolume(ground.image);
    if (layer) nv.addVolume(images.get(layer).image);
  }

  function choice(one) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "viewer-layer", value: one.key });
    input.addEventListener("change", () => showLayer(one));
    label.append(input, one.label + (one.frames > 1 ? ", minus the voxel's mean" : ""));
    return label;
  }

  async function showLayer(one) {
    const { image } = await load(one, one.key + ".nii", "gray");
    if (layer) nv.removeVolume(images.get(layer).image);
    layer = one;
    document.querySelector(`#viewer-layers input[value="${one.key}"]`).checked = true;
    image.colormap = one.signed ? "positive" : "amount";
    image.colormapNegative = one.signed ? "negative" : "";
    image.colormapType = 2; // clear below the threshold
    nv.addVolume(image);
    get("threshold").value = one.threshold / one.limit;
    applyThreshold();
    applyTime();
  }

  function applyThreshold() {
    const { image } = images.get(layer);
    const from = Number(get("threshold").value) * layer.limit;
    Object.assign(image, { cal_min: from, cal_max: layer.limit });
    if (layer.signed) Object.assign(image, { cal_minNeg: -layer.limit, cal_maxNeg: -from });
    image.opacity = Number(get("opacity").value);
    const sign = layer.signed ? "\u00b1 " : "";
    get("threshold-value").textContent = `${sign}${short(from)} of ${short(layer.limit)} ${layer.unit}`;
    get("opacity-value").textContent = Math.round(image.opacity * 100) + " %";
    drawBar(from);
    nv.updateGLVolume();
  }

  /** Colours beside their values: of the negative ones, if there are any, and of the positive ones. */
  function drawBar(from) {
    const part = (name, values, reversed) => {
      const { R, G, B } = data.colours[name];
      const shades = R.map((red, k) => `rgb(${red}, ${G[k]}, ${B[k]})`);
      const bar = document.createElement("span");
      bar.style.background = `linear-gradient(to right, ${(reversed ? shades.reverse() : shades).join(", ")})`;
      return [short(values[0]), bar, short(values[1])];
    };
    const positive = part(layer.signed ? "positive" : "amount", [from, layer.limit], false);
    get("bar").replaceChildren(...(layer.signed ? [...part("negative", [-layer.limit, -from], true), "\u2003"] : []), ...positive, " " + layer.unit);
  }

  function applyTime() {
    const frame = Number(get("time").value);
    if (layer.frames > 1) nv.setFrame4D(images.get(layer).image.id, frame);
    if (subject.times.length) get("time-value").textContent = moment(frame);
    drawCourse();
  }

  const moment = (frame) => (subject.timed ? subject.times[frame].toFixed(1) + " s" : `volume ${frame + 1}`);

  function setRanges() {
    const { pixDimsRAS } = ground.image;
    ["x", "y", "z"].forEach((axis, k) => {
      Object.assign(get(axis), { min: Math.floor(corner(k, 0)), max: Math.ceil(corner(k, 1)), step: Math.max(pixDimsRAS[k + 1] / 2, 0.5) });
    });
  }

  /** Smallest (0) or largest (1) coordinate of the volume's corners along a world axis, mm. */
  function corner(axis, end) {
    const { mm000, mm100, mm010, mm001 } = ground.image;
    const steps = [mm100, mm010, mm001].map((to) => to[axis] - mm000[axis]);
    return steps.reduce((sum, step) => sum + (end ? Math.max(step, 0) : Math.min(step, 0)), mm000[axis]);
  }

  function moveTo(mm) {
    nv.scene.crosshairPos = nv.mm2frac([mm[0], mm[1], mm[2], 1]);
    nv.createOnLocationChange();
    nv.drawScene();
  }

  /** Arrow keys over the slices: left, right, back, front; page up and down; with shift, time. */
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1], PageDown: [2, -1], PageUp: [2, 1] };
  function pressed(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) return step[0] === 0 && setTime(Number(get("time").value) + step[1]);
    const to = [...place];
    const width = 1 / Math.hypot(...[0, 4, 8].map((row) => subject.toVoxel[row + step[0]]));
    to[step[0]] = Math.min(Math.max(to[step[0]] + step[1] * width, corner(step[0], 0)), corner(step[0], 1));
    moveTo(to);
  }

  function setTime(frame) {
    get("time").value = Math.min(Math.max(frame, 0), subject.times.length - 1);
    applyTime();
  }

  function located(location) {
    place = Array.from(location.mm).slice(0, 3);
    ["x", "y", "z"].forEach((axis, k) => {
      get(axis).value = place[k];
      get(axis + "-value").textContent = minus(Math.round(place[k]));
    });
    drawCourse();
  }

  function voxelIndex() {
    const m = subject.toVoxel;
    const [nx, ny, nz] = subject.grid;
    const [i, j, k] = [0, 4, 8].map((row) => Math.round(m[row] * place[0] + m[row + 1] * place[1] + m[row + 2] * place[2] + m[row + 3]));
    return i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz ? i + nx * (j + ny * k) : -1;
  }

  function course(key, index) {
    const one = subject.layers.find((candidate) => candidate.key === key);
    const loaded = one && images.get(one);
    if (!loaded || index < 0) return [];
    const size = subject.grid[0] * subject.grid[1] * subject.grid[2];
    return Array.from({ length: one.frames }, (_, t) => loaded.steps[index + size * t] * loaded.step);
  }

  function correlation(a, b) {
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [ma, mb] = [mean(a), mean(b)];
    let [ab, aa, bb] = [0, 0, 0];
    a.forEach((value, t) => { ab += (value - ma) * (b[t] - mb); aa += (value - ma) ** 2; bb += (b[t] - mb) ** 2; });
    return ab / Math.sqrt(aa * bb);
  }

  function drawCourse() {
    const index = voxelIndex();
    const [truth, guess] = [course("measured", index), course("predicted", index)];
    const r = layer && subject.layers.find((one) => one.key === "correlation");
    const where = `(${place.map((mm) => minus(Math.round(mm))).join(", ")}) mm`;
    const words = [`Voxel at ${where}.`];
    if (r && index >= 0 && images.has(r)) words.push(`${subject.reading}: ${minus((images.get(r).steps[index] * images.get(r).step).toFixed(2))}.`);
    if (layer && layer !== r && layer.frames === 1 && index >= 0) words.push(`${layer.label}: ${short(course(layer.key, index)[0])} ${layer.unit}`.trimEnd() + ".");
    const chart = get("chart");
    chart.replaceChildren();
    chart.style.cursor = truth.length ? "pointer" : "";
    if (truth.length && truth.some((value) => value)) {
      const frame = Math.min(Number(get("time").value), truth.length - 1);
      words.push(`At ${moment(frame)}: measured ${short(truth[frame])}, predicted ${short(guess[frame])} ${subject.unit} from the voxel's mean.`);
      if (truth.length >= 10) words.push(`r is ${minus(correlation(truth, guess).toFixed(2))} over these ${truth.length} volumes.`);
      drawChart(chart, truth, guess, frame);
    } else {
      words.push(subject.layers.some((one) => one.frames > 1) ? "No signal here: outside the brain." : "");
    }
    get("readout").textContent = words.join(" ");
  }

  /** Edges of the course within the chart's 640 x 220, and the volume that a place across it stands for. */
  const LEFT = 74, RIGHT = 634, TOP = 8, BOTTOM = 176;
  const frameAt = (x, frames) => Math.round(((x - LEFT) / (RIGHT - LEFT)) * (frames - 1));

  /** Round steps that divide a range into about so many parts. */
  function ticks(low, high, parts) {
    const rough = (high - low) / parts, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, k) => (Math.ceil(low / step) + k) * step);
  }

  function drawChart(chart, truth, guess, frame) {
    const top = Math.max(...truth.concat(guess).map(Math.abs)) || 1, last = truth.length - 1;
    const across = (t) => LEFT + ((RIGHT - LEFT) * t) / last;
    const up = (value) => (TOP + BOTTOM) / 2 - ((BOTTOM - TOP) * value) / (2.1 * top);
    const moments = subject.timed ? subject.times.slice(0, last + 1) : truth.map((_, t) => t + 1);
    for (const value of ticks(-top, top, 4)) {
      add(chart, "path", { d: `M${LEFT},${up(value)}H${RIGHT}`, class: value ? "grid" : "zero" });
      add(chart, "text", { x: LEFT - 6, y: up(value) + 5, class: "y" }, short(value));
    }
    for (const value of ticks(moments[0], moments[last], 5)) {
      const x = across((last * (value - moments[0])) / (moments[last] - moments[0]));
      add(chart, "path", { d: `M${x},${BOTTOM}v5`, class: "zero" });
      add(chart, "text", { x, y: BOTTOM + 19, class: "x" }, short(value));
    }
    add(chart, "text", { x: (LEFT + RIGHT) / 2, y: 216, class: "x" }, subject.timed ? "time (s)" : "volume");
    add(chart, "text", { transform: `translate(15 ${(TOP + BOTTOM) / 2}) rotate(-90)`, class: "x" }, subject.unit);
    add(chart, "path", { d: `M${across(frame)},${TOP}V${BOTTOM}`, class: "now" });
    for (const [values, name] of [[truth, "measured"], [guess, "predicted"]]) {
      add(chart, "polyline", { points: values.map((value, t) => `${across(t).toFixed(1)},${up(value).toFixed(1)}`).join(" "), class: name });
    }
  }

  function add(parent, name, attributes, text = "") {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.textContent = text;
    parent.append(node);
  }

  async function start() {
    get("state").textContent = "Preparing the interactive view.";
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(await inflate(get("niivue").textContent));
    document.head.append(script);
    get("body").hidden = false;
    nv = new niivue.Niivue({
      logLevel: "error", dragAndDropEnabled: false, isResizeCanvas: true, isColorbar: false,
      multiplanarLayout: 0, multiplanarShowRender: 0, multiplanarPadPixels: 4, isNearestInterpolation: true,
      crosshairWidth: 0.7, crosshairWidthUnit: "mm", crosshairColor: [1, 0.85, 0.2, 0.9], backColor: [0, 0, 0, 1], fontColor: [0.9, 0.9, 0.9, 1],
      isOrientationTextVisible: true, scrollRequiresFocus: true, clipPlaneHotKey: "", viewModeHotKey: "",
    });
    nv.onLocationChange = located;
    await nv.attachToCanvas(get("gl"));
    for (const [name, colours] of Object.entries(data.colours)) nv.addColormap(name, colours);
    nv.setSliceType(Number(get("slices").value));
    data.subjects.forEach((one, k) => get("subject").append(new Option(one.name, k)));
    get("subject-label").hidden = data.subjects.length < 2;
    get("ground-label").hidden = !data.template;
    get("ground").value = data.template ? "template" : "own";
    await showSubject(0);
    get("subject").addEventListener("change", (event) => showSubject(Number(event.target.value)));
    get("slices").addEventListener("change", (event) => nv.setSliceType(Number(event.target.value)));
    get("ground").addEventListener("change", async () => { await showGround(); applyThreshold(); setRanges(); moveTo(place); });
    get("time").addEventListener("input", applyTime);
    get("gl").addEventListener("keydown", pressed, true);
    get("chart").addEventListener("click", (event) => {
      const box = get("chart").getBoundingClientRect();
      const frames = subject.layers.find((one) => one.key === "measured")?.frames;
      if (frames) setTime(Math.min(frameAt((640 * (event.clientX - box.left)) / box.width, frames), frames - 1));
    });
    get("threshold").addEventListener("input", applyThreshold);
    get("opacity").addEventListener("input", applyThreshold);
    for (const axis of ["x", "y", "z"]) get(axis).addEventListener("input", () => moveTo(["x", "y", "z"].map((each) => Number(get(each).value))));
    get("state").textContent = subject.layers.some((one) => one.frames > 1)
      ? "Click a voxel, or move the crosshair with the sliders or the keys (arrows, page up and down; with shift, time): its time course follows. A click on the course moves time. Left is the subject's left."
      : "Click a voxel, or move the crosshair with the sliders or the keys (arrows, page up and down). Left is the subject's left.";
    get("body").dataset.ready = "yes";
  }

  const canDraw = "DecompressionStream" in window && document.createElement("canvas").getContext("webgl2");
  if (!canDraw) return;
  const failed = (error) => {
    get("body").hidden = true;
    get("state").textContent = `The interactive view could not start (${error.message}); the pictures below show the same volumes.`;
  };
  const watcher = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { watcher.disconnect(); start().catch(failed); }
  }, { rootMargin: "600px" });
  watcher.observe(get("state"));
})();
