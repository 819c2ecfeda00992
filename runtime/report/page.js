'use strict';
// Draws what the data block holds. No library and no request: the page must open anywhere.
const data = JSON.parse(document.getElementById('data').textContent);
const tip = document.getElementById('tip');
const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const span = data.seconds * 1e6; // the run, in microseconds

function microseconds(value) {
  return value >= 1e4 ? (value / 1e3).toFixed(2) + ' ms' : value.toFixed(value < 10 ? 2 : 1) + ' µs';
}
function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; value >= 1000 && unit < 4; ++unit) value /= 1000;
  return (unit && value < 100 ? value.toPrecision(3) : value.toFixed(0)) + ' ' + units[unit];
}

function showTip(event, title, lines) {
  tip.replaceChildren(Object.assign(document.createElement('b'), {textContent: title}),
                      '\n' + lines.filter(Boolean).join('\n'));
  tip.style.visibility = 'visible';
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8)) + 'px';
  tip.style.top = Math.max(4, Math.min(event.clientY + 16, innerHeight - box.height - 8)) + 'px';
}
function hideTip() { tip.style.visibility = 'hidden'; }

/// A canvas as wide as its frame and `height` high, in CSS pixels; returns its context.
function prepare(canvas, height) {
  const scale = Math.min(window.devicePixelRatio || 1, 16000 / Math.max(height, 1));
  const width = canvas.parentElement.clientWidth;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = height + 'px';
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  context.textBaseline = 'middle';
  return context;
}
/// Room for the longest name of resources, and a gap behind it.
function roomFor(context, resources) {
  return resources.reduce((room, resource) => Math.max(room, Math.ceil(context.measureText(resource.name).width) + 18), 128);
}
/// Buttons of which one is pressed; calls `change` with its name.
function choose(id, change) {
  const buttons = [...document.querySelectorAll('#' + id + ' button')];
  for (const button of buttons)
    button.onclick = () => {
      for (const other of buttons) other.setAttribute('aria-pressed', other === button);
      change(button.dataset.name);
    };
}
/// A round step that gives about `count` marks.
function markStep(length, count) {
  const least = length / count, power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find(factor => power * factor >= least);
}

// --- Timeline ---------------------------------------------------------------

const axis = 22;
let margin = 128; // of the names of rows
const timeline = {
  canvas: document.getElementById('timeline'), rows: 'ranks', from: 0, to: span,
  get right() { return this.canvas.clientWidth - 8; },
  x(time) { return margin + (time - this.from) / (this.to - this.from) * (this.right - margin); },
  time(x) { return this.from + (x - margin) / (this.right - margin) * (this.to - this.from); },
};
const order = {compute: 0, transfer: 1, wait: 2};
const barsOfRank = Array.from({length: data.ranks}, () => []);
data.bars.rank.forEach((rank, i) => barsOfRank[rank].push(i));

/// Transfers of a rank that overlap lie below each other, in at most four lines.
const lineOfBar = new Uint8Array(data.bars.rank.length);
for (const bars of barsOfRank) {
  const free = [0, 0, 0, 0];
  for (const i of bars) {
    if (data.families[data.bars.family[i]].kind !== 'transfer') continue;
    let line = free.findIndex(end => end <= data.bars.begin[i] + 1e-9);
    if (line < 0) line = free.indexOf(Math.min(...free));
    free[line] = Math.max(free[line], data.bars.end[i]);
    lineOfBar[i] = line;
  }
}

function rowHeight() {
  const count = timeline.rows === 'ranks' ? data.ranks : data.resources.length;
  if (timeline.rows === 'links') return count <= 32 ? 20 : 12;
  return count <= 16 ? 38 : count <= 34 ? 20 : count <= 72 ? 9.5 : 6;
}
/// Where a bar lies in its row: computing above, sending below, waiting on the base line.
function place(i, height) {
  const kind = data.families[data.bars.family[i]].kind, inner = height - 4;
  if (kind === 'wait') return [height - 4, 2];
  if (kind === 'compute') return [2, Math.max(2, inner * .42)];
  const top = 2 + inner * .46, each = (inner * .54 - 3) / 4;
  return height < 14 ? [top, inner * .5] : [top + lineOfBar[i] * each, Math.max(1.5, each - .5)];
}
function barColor(family) {
  return family.kind === 'wait' ? color('wait') : color(family.phase || 'experts');
}

function drawAxis(context, height) {
  context.fillStyle = color('faint');
  context.strokeStyle = color('line');
  context.textAlign = 'center';
  const step = markStep(timeline.to - timeline.from, 9);
  for (let time = Math.ceil(timeline.from / step) * step; time <= timeline.to * (1 + 1e-9); time += step) {
    const x = Math.round(timeline.x(time)) + .5;
    context.beginPath();
    context.moveTo(x, axis);
    context.lineTo(x, height);
    context.stroke();
    context.fillText(time === 0 ? '0' : microseconds(time), Math.min(x, timeline.right - 22), axis / 2);
  }
}
function drawRanks(context, height) {
  const colors = data.families.map(barColor);
  let drawn = 0;
  for (let rank = 0; rank < data.ranks; ++rank) {
    const top = axis + rank * height;
    context.fillStyle = color('faint');
    context.textAlign = 'right';
    if (height >= 14 || rank % 2 === 0)
      context.fillText('rank ' + rank, margin - 10, top + height / 2);
    for (const i of barsOfRank[rank]) {
      const begin = data.bars.begin[i], end = data.bars.end[i];
      if (end < timeline.from || begin > timeline.to) continue;
      const [offset, thick] = place(i, height);
      const left = Math.max(margin, timeline.x(begin)), right = Math.min(timeline.right, timeline.x(end));
      context.fillStyle = colors[data.bars.family[i]];
      context.fillRect(left, top + offset, Math.max(right - left - (right - left > 3 ? .6 : 0), .7), thick);
      ++drawn;
    }
  }
  return drawn;
}
function drawLinks(context, height) {
  data.resources.forEach((resource, row) => {
    const top = axis + row * height;
    context.fillStyle = color('faint');
    context.textAlign = 'right';
    if (height >= 9 || row % 2 === 0)
      context.fillText(resource.name, margin - 10, top + height / 2);
    context.fillStyle = `rgb(${color('heat')})`;
    data.usage[row].forEach((share, stretch) => {
      const left = timeline.x(stretch * data.stretch), right = timeline.x((stretch + 1) * data.stretch);
      if (!share || right < margin || left > timeline.right) return;
      const tall = (height - 3) * share / 100, start = Math.max(left, margin);
      context.fillRect(start, top + height - 1 - tall, Math.min(right, timeline.right) - start + .4, tall);
    });
  });
  return data.resources.length;
}
timeline.draw = () => {
  const count = timeline.rows === 'ranks' ? data.ranks : data.resources.length;
  const height = rowHeight(), context = prepare(timeline.canvas, axis + count * height + 4);
  margin = roomFor(context, timeline.rows === 'ranks' ? [] : data.resources);
  drawAxis(context, axis + count * height);
  const drawn = timeline.rows === 'ranks' ? drawRanks(context, height) : drawLinks(context, height);
  timeline.canvas.dataset.drawn = drawn;
};
function barAt(x, y) {
  const height = rowHeight(), rank = Math.floor((y - axis) / height);
  if (rank < 0 || rank >= data.ranks) return -1;
  const inside = y - axis - rank * height, time = timeline.time(x);
  const slack = (timeline.to - timeline.from) / (timeline.right - margin);
  let best = -1;
  for (const i of barsOfRank[rank]) {
    const [offset, thick] = place(i, height);
    if (time < data.bars.begin[i] - slack || time > data.bars.end[i] + slack) continue;
    if (inside >= offset - 1 && inside <= offset + thick + 1) best = i;
  }
  return best;
}
timeline.canvas.onmousemove = event => {
  if (timeline.drag) {
    const moved = timeline.time(timeline.drag.x) - timeline.time(event.offsetX);
    const length = timeline.to - timeline.from;
    timeline.from = Math.max(0, Math.min(span - length, timeline.drag.from + moved));
    timeline.to = timeline.from + length;
    timeline.drag = {x: event.offsetX, from: timeline.from};
    return timeline.draw();
  }
  if (timeline.rows === 'links') {
    const row = Math.floor((event.offsetY - axis) / rowHeight()), resource = data.resources[row];
    const stretch = Math.floor(timeline.time(event.offsetX) / data.stretch);
    return resource && event.offsetX > margin && event.offsetY > axis ? tellUse(event, row, stretch) : hideTip();
  }
  const i = event.offsetX > margin ? barAt(event.offsetX, event.offsetY) : -1;
  if (i < 0) return hideTip();
  const bars = data.bars, family = data.families[bars.family[i]], many = bars.tasks[i] > 1;
  const toPeer = family.kind === 'transfer' && !many && bars.peer[i] !== bars.rank[i] ? ' to rank ' + bars.peer[i] : '';
  showTip(event, `%${family.name} of rank ${bars.rank[i]}${toPeer}`, [
    `${microseconds(bars.begin[i])} to ${microseconds(bars.end[i])}: ${microseconds(bars.end[i] - bars.begin[i])}`,
    bars.bytes[i] ? `${bytes(bars.bytes[i])}, ${(bars.bytes[i] / (bars.end[i] - bars.begin[i]) / 1e3).toFixed(1)} GB/s` : '',
    many ? bars.tasks[i] + ' tasks' : '', family.text]);
};
timeline.canvas.onmousedown = event => { timeline.drag = {x: event.offsetX, from: timeline.from}; hideTip(); };
addEventListener('mouseup', () => { timeline.drag = null; });
timeline.canvas.onmouseleave = hideTip;
timeline.canvas.ondblclick = () => { timeline.from = 0; timeline.to = span; timeline.draw(); };
timeline.canvas.addEventListener('wheel', event => {
  if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return; // the page scrolls
  event.preventDefault();
  const at = timeline.time(event.offsetX), factor = Math.exp((event.deltaY || event.deltaX) * .002);
  const length = Math.min(span, Math.max(span / 1e5, (timeline.to - timeline.from) * factor));
  const part = (at - timeline.from) / (timeline.to - timeline.from);
  timeline.from = Math.max(0, Math.min(span - length, at - part * length));
  timeline.to = timeline.from + length;
  timeline.draw();
}, {passive: false});
choose('rows', name => { timeline.rows = name; timeline.from = 0; timeline.to = span; timeline.draw(); });

// --- Heat map ---------------------------------------------------------------

const heat = {canvas: document.getElementById('heat'), rows: [], label: 128};
function tellUse(event, row, stretch) {
  const resource = data.resources[row], share = data.usage[row][stretch];
  if (share === undefined) return hideTip();
  showTip(event, resource.name, [
    `${share} % of ${(resource.rate / 1e9).toFixed(1)} GB/s from ${microseconds(stretch * data.stretch)} to ${microseconds((stretch + 1) * data.stretch)}`,
    `${(resource.share * 100).toFixed(0)} % over the whole run, at most ${(resource.peak * 100).toFixed(0)} %`]);
}
heat.show = which => {
  const all = data.resources.map((_, row) => row);
  const busiest = all.slice().sort((a, b) => data.resources[b].share - data.resources[a].share);
  heat.rows = which === 'all' ? all : busiest.slice(0, 32);
  heat.draw();
};
heat.draw = () => {
  const height = heat.rows.length <= 64 ? 16 : 9, right = 56;
  const context = prepare(heat.canvas, heat.rows.length * height + 2);
  heat.label = roomFor(context, heat.rows.map(row => data.resources[row]));
  const width = heat.canvas.clientWidth - heat.label - right - 8, cell = width / Math.max(1, data.usage[0]?.length || 1);
  heat.cell = cell;
  heat.height = height;
  heat.rows.forEach((row, line) => {
    const y = line * height, resource = data.resources[row];
    context.fillStyle = color('faint');
    context.textAlign = 'right';
    if (height >= 14 || line % 2 === 0) context.fillText(resource.name, heat.label - 10, y + height / 2);
    context.textAlign = 'left';
    if (height >= 14)
      context.fillText((resource.share * 100).toFixed(0) + ' %', heat.label + width + 8, y + height / 2);
    data.usage[row].forEach((share, stretch) => {
      if (!share) return;
      context.fillStyle = `rgba(${color('heat')}, ${.08 + .92 * share / 100})`;
      context.fillRect(heat.label + stretch * cell, y + 1, cell + .4, height - 1.5);
    });
  });
  heat.canvas.dataset.drawn = heat.rows.length;
};
heat.canvas.onmousemove = event => {
  const row = heat.rows[Math.floor(event.offsetY / heat.height)];
  const stretch = Math.floor((event.offsetX - heat.label) / heat.cell);
  row === undefined || stretch < 0 ? hideTip() : tellUse(event, row, stretch);
};
heat.canvas.onmouseleave = hideTip;
choose('busy', heat.show);

// --- Traffic matrix ---------------------------------------------------------

const matrix = {canvas: document.getElementById('matrix'), phase: 'dispatch', left: 62, top: 30, sums: 110};
matrix.draw = () => {
  const cells = data.matrix[matrix.phase], size = cells.length;
  const room = Math.min(matrix.canvas.parentElement.clientWidth - matrix.left - matrix.sums - 12, 860);
  const cell = Math.max(2, Math.min(56, room / size)), tall = matrix.top + size * cell + matrix.sums;
  const context = prepare(matrix.canvas, tall), most = Math.max(1, ...cells.flat());
  const rowSums = cells.map(row => row.reduce((sum, value) => sum + value, 0));
  const columnSums = cells[0].map((_, column) => cells.reduce((sum, row) => sum + row[column], 0));
  const mostSum = Math.max(1, ...rowSums, ...columnSums);
  const every = Math.ceil(16 / cell), end = matrix.left + size * cell, below = matrix.top + size * cell;
  Object.assign(matrix, {cell, size, rowSums, columnSums});
  for (let i = 0; i < size; ++i) {
    const x = matrix.left + (i + .5) * cell, y = matrix.top + (i + .5) * cell;
    context.fillStyle = color('faint');
    if (i % every === 0) {
      context.textAlign = 'center';
      context.fillText(i, x, matrix.top - 9);
      context.textAlign = 'right';
      context.fillText(i, matrix.left - 8, y);
    }
    context.fillStyle = color(matrix.phase);
    context.fillRect(end + 8, y - cell * .35, (matrix.sums - 60) * rowSums[i] / mostSum, cell * .7);
    context.fillRect(x - cell * .35, below + 8, cell * .7, (matrix.sums - 60) * columnSums[i] / mostSum);
    for (let j = 0; j < size; ++j) {
      const value = cells[i][j], left = matrix.left + j * cell;
      if (!value) continue;
      context.fillStyle = `rgba(${color('heat')}, ${.06 + .94 * value / most})`;
      context.fillRect(left + .5, matrix.top + i * cell + .5, cell - (cell > 6 ? 1 : 0), cell - (cell > 6 ? 1 : 0));
      if (cell < 44) continue;
      context.fillStyle = value / most > .55 ? color('ground') : color('text');
      context.textAlign = 'center';
      context.fillText(bytes(value), left + cell / 2, y);
    }
  }
  context.fillStyle = color('faint');
  context.textAlign = 'left';
  context.fillText('sent', end + 8, matrix.top - 9);
  context.textAlign = 'right';
  context.fillText('received', matrix.left - 8, below + 14);
  context.fillText('from \\ to', matrix.left - 8, matrix.top - 9);
  context.strokeStyle = color('text');
  if (data.matrix_of === 'rank' && data.nodes > 1)
    for (let node = 0; node < data.nodes; ++node) {
      const at = node * data.lanes * cell, side = data.lanes * cell;
      context.strokeRect(matrix.left + at, matrix.top + at, side, side);
    }
  matrix.canvas.dataset.drawn = size * size;
};
matrix.canvas.onmousemove = event => {
  const column = Math.floor((event.offsetX - matrix.left) / matrix.cell);
  const row = Math.floor((event.offsetY - matrix.top) / matrix.cell), cells = data.matrix[matrix.phase];
  if (row < 0 || column < 0 || row > matrix.size || column > matrix.size) return hideTip();
  const unit = data.matrix_of;
  if (row < matrix.size && column < matrix.size)
    showTip(event, `${unit} ${row} to ${unit} ${column}`, [bytes(cells[row][column]),
      `${unit} ${row} sends ${bytes(matrix.rowSums[row])}, ${unit} ${column} receives ${bytes(matrix.columnSums[column])}`]);
  else if (row < matrix.size) showTip(event, `${unit} ${row} sends`, [bytes(matrix.rowSums[row])]);
  else if (column < matrix.size) showTip(event, `${unit} ${column} receives`, [bytes(matrix.columnSums[column])]);
};
matrix.canvas.onmouseleave = hideTip;
choose('exchange', name => { matrix.phase = name; matrix.draw(); });

function drawAll() { timeline.draw(); heat.draw(); matrix.draw(); }
heat.show('busiest');
drawAll();
addEventListener('resize', drawAll);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
document.documentElement.dataset.ready = 'yes';
