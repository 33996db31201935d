#include "wire/status_page_assets.h"

namespace bootsman {

const std::string_view kStatusStyle = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --paper: #fff; --card: #f4f6f8;
  --line: #d8dee4; --good: #1a7f37; --busy: #9a6700; --bad: #cf222e; --idle: #6e7781; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117;
  --card: #161b22; --line: #30363d; --good: #3fb950; --busy: #d29922; --bad: #f85149;
  --idle: #8b949e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
a { color: inherit; }
.soft { color: var(--soft); }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; color: var(--soft); font-weight: 500; white-space: nowrap; }
th, td { padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.state { font-weight: 600; white-space: nowrap; }
.state::before { content: "\25CF"; margin-right: .35em; }
.ready, .done, .healthy, .up { color: var(--good); }
.waiting, .starting, .running, .backoff, .stopping, .booting { color: var(--busy); }
.failed, .blocked, .unhealthy, .away { color: var(--bad); }
.idle, .stopped, .skipped { color: var(--idle); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .6rem; background: var(--card); border-radius: .4rem; }
figure svg { display: block; width: 100%; height: 3.5rem; }
polyline { fill: none; stroke: var(--good); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
ol { list-style: none; margin: 0; padding: 0; }
#boot li { display: grid; grid-template-columns: minmax(8rem, 16rem) 1fr 5rem; gap: .6rem;
  align-items: center; }
#boot svg { width: 100%; height: .7rem; background: var(--card); }
#boot rect { fill: currentColor; }
#events li { border-bottom: 1px solid var(--line); padding: .2rem 0; }
time { color: var(--soft); font-variant-numeric: tabular-nums; margin-right: .6rem; }
@media (max-width: 640px) {
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td { border: 0; padding: .05rem 0; }
  td[data-label]:not(:empty)::before { content: attr(data-label) ": "; color: var(--soft); }
  #boot li { grid-template-columns: 1fr 4.5rem; }
  #boot svg { grid-column: 1 / -1; grid-row: 2; }
}
)css";

const std::string_view kStatusScript = R"js(
'use strict';
(() => {
  const words = JSON.parse(document.getElementById('words').textContent);
  const by = id => document.getElementById(id);
  const make = (name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const drawn = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return element;
  };
  const word = name => words[name] || name;
  const ago = s => s < 120 ? s + ' s' : s < 7200 ? Math.floor(s / 60) + ' min'
    : s < 172800 ? Math.floor(s / 3600) + ' h' : Math.floor(s / 86400) + ' d';
  const size = b => b < 1048576 ? (b / 1024).toFixed(0) + ' KiB'
    : b < 1073741824 ? (b / 1048576).toFixed(1) + ' MiB' : (b / 1073741824).toFixed(2) + ' GiB';
  let at = Date.now(), units = [];
  const cellsOf = row => (label, text, kind) => {
    const made = make('td', text, kind);
    if (label) made.dataset.label = word(label);
    row.append(made);
    return made;
  };
  const showMounts = mounts => {
    by('mounts-part').hidden = !mounts.length;
    by('mounts').replaceChildren(...mounts.map(mount => {
      const row = make('tr'), cell = cellsOf(row), state = mount.up ? 'up' : 'away';
      cell('', mount.id);
      cell('target', mount.target, 'number');
      cell('').append(make('span', word(state), 'state ' + state));
      cell('remounts', mount.remounts ? String(mount.remounts) : '', 'number');
      cell('probe', mount.probe_ms === undefined ? '' : mount.probe_ms + ' ms', 'number');
      cell('cache', mount.cache ? size(mount.cache) : '', 'number');
      return row;
    }));
  };
  const showUnits = () => {
    const late = Math.floor((Date.now() - at) / 1000);
    by('units').replaceChildren(...units.map(unit => {
      const row = make('tr'), cell = cellsOf(row);
      cell('', unit.id);
      cell('').append(make('span', word(unit.health || unit.state), 'state ' + (unit.health || unit.state)));
      cell('since', ago(unit.since_s + late), 'number');
      cell('restarts', unit.restarts ? String(unit.restarts) : '', 'number');
      cell('why', unit.why);
      return row;
    }));
  };
  const showBoot = spans => {
    const end = Math.max(1, ...spans.map(span => span.to_ms));
    by('boot').replaceChildren(...spans.map(span => {
      const row = make('li', undefined, span.state || 'starting');
      const svg = drawn('svg', {viewBox: '0 0 1000 10', preserveAspectRatio: 'none'});
      svg.append(drawn('rect', {x: 1000 * span.from_ms / end, y: 0, height: 10,
        width: Math.max(4, 1000 * (span.to_ms - span.from_ms) / end)}));
      row.append(make('span', span.unit), svg, make('span', span.to_ms - span.from_ms + ' ms', 'soft'));
      return row;
    }));
  };
  const showEvents = events => by('events').replaceChildren(...events.slice().reverse().map(event => {
    const row = make('li');
    row.append(make('time', new Date(event.time_us / 1000).toLocaleTimeString()), event.text);
    return row;
  }));
  const memory = [], cpu = [];
  let before;
  const plot = (name, values, most) => by(name).setAttribute('points', values.map((value, i) =>
    (i * 100 / 119).toFixed(1) + ',' + (39 - 38 * Math.min(1, value / (most || 1))).toFixed(1)).join(' '));
  const showUsage = usage => {
    if (usage.memory !== undefined) {
      memory.push(usage.memory);
      by('memory-now').textContent = size(usage.memory) + (usage.limit ? ' / ' + size(usage.limit) : '');
    }
    if (usage.cpu_us !== undefined && before && usage.time_us > before.time_us) {
      cpu.push((usage.cpu_us - before.cpu_us) / (usage.time_us - before.time_us));
      by('cpu-now').textContent = (100 * cpu[cpu.length - 1]).toFixed(0) + ' %';
    }
    before = usage;
    for (const values of [memory, cpu]) if (values.length > 120) values.shift();
    plot('memory', memory, usage.limit || Math.max(...memory) * 1.2);
    plot('cpu', cpu, Math.max(1, ...cpu));
  };
  const showAll = data => {
    at = Date.now();
    units = data.units;
    const whole = data.healthy ? data.phase : 'unhealthy';
    by('whole').className = 'state ' + whole;
    by('whole').textContent = word(whole);
    by('ready').textContent = word(data.ready ? 'is-ready' : 'is-not-ready');
    showUnits();
    showMounts(data.mounts);
    showBoot(data.boot);
    showEvents(data.events);
    showUsage(data.usage);
  };
  const source = new EventSource(document.body.dataset.events);
  source.addEventListener('status', event => showAll(JSON.parse(event.data)));
  source.addEventListener('usage', event => showUsage(JSON.parse(event.data)));
  source.onopen = () => { by('live').textContent = word('live'); };
  source.onerror = () => { by('live').textContent = word('lost'); };
  setInterval(showUnits, 1000);
})();
)js";

}  // namespace bootsman
