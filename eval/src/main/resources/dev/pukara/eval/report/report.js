'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const runs = data.runs;
const setNames = [...new Set(runs.flatMap(run => Object.keys(run.sets)))];
const $ = id => document.getElementById(id);

// Text only ever enters the page through textContent: rows of data sets are data.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'on') node.addEventListener('click', value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}
function svg(tag, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
const isNumber = value => typeof value === 'number';
const f3 = value => isNumber(value) ? value.toFixed(3) : '–';
const percent = value => isNumber(value) ? (100 * value).toFixed(1) + ' %' : '–';
const whole = value => isNumber(value) ? Math.round(value).toLocaleString('en') : '–';
const color = index => `var(--c${index % 6})`;
const shorten = digest => /^[0-9a-f]{64}$/.test(digest) ? digest.slice(0, 12) : digest;

const METRICS = [
  ['auprc', 'AUPRC', 'Average precision; higher is better. Its floor is the share of unsafe messages, so compare within a row only.', true],
  ['auroc', 'AUROC', 'Area under the ROC curve; 0.5 is chance.', true],
  ['f1', 'F1', 'Of the guard\'s own verdicts.', true],
  ['precision', 'Precision', 'Of the guard\'s own verdicts.', true],
  ['recall', 'Recall', 'Of the guard\'s own verdicts.', true],
  ['fpr', 'False-positive rate', 'Share of safe messages that are stopped; lower is better.', false],
  ['tprAtFpr1', 'Recall at 1 % false positives', 'With the best threshold for this set.', true],
  ['tprAtFpr5', 'Recall at 5 % false positives', 'With the best threshold for this set.', true],
  ['ece', 'Calibration error (ECE)', 'Lower is better.', false],
  ['brier', 'Brier score', 'Lower is better.', false],
];

const share = metrics => Math.round(100 * metrics.unsafe / metrics.predictions) + ' %';
function oneClass(metrics) { return !metrics.safe || !metrics.unsafe; }
// A rank metric of one class says nothing.
function value(set, metric) {
  if (!set) return null;
  const ranks = ['auprc', 'auroc', 'tprAtFpr1', 'tprAtFpr5'].includes(metric);
  const noPositives = ['f1', 'precision', 'recall'].includes(metric) && !set.metrics.unsafe;
  return (ranks && oneClass(set.metrics)) || noPositives ? null : set.metrics[metric];
}

function summary() {
  const [metric, , note, higher] = METRICS.find(m => m[0] === $('metric').value);
  $('metricNote').textContent = note;
  const table = $('summary');
  table.replaceChildren();
  table.append(el('thead', {}, el('tr', {}, el('th', {}, 'Set'), el('th', {}, 'Messages'), el('th', {}, 'Unsafe'),
    ...runs.map(run => el('th', {}, run.label)))));
  const body = el('tbody');
  for (const name of setNames) {
    const sets = runs.map(run => run.sets[name]);
    const any = sets.find(Boolean);
    const values = sets.map(set => value(set, metric));
    const numbers = values.filter(isNumber);
    const best = numbers.length > 1 ? (higher ? Math.max(...numbers) : Math.min(...numbers)) : null;
    body.append(el('tr', {on: () => { $('set').value = name; detail(); $('set').scrollIntoView({behavior: 'smooth', block: 'center'}); }},
      el('td', {}, name, !any.complete ? el('small', {}, ' (sample)') : '', el('span', {class: 'counts'}, `${whole(any.metrics.predictions)}, ${share(any.metrics)} unsafe`)),
      el('td', {}, whole(any.metrics.predictions)),
      el('td', {}, share(any.metrics)),
      ...sets.map((set, i) => cell(set, values[i], metric, values[i] === best))));
  }
  if (setNames.length > 1) {
    body.append(el('tr', {class: 'mean'}, el('td', {}, 'Mean over sets'), el('td'), el('td'),
      ...runs.map(run => {
        const numbers = setNames.map(name => value(run.sets[name], metric)).filter(isNumber);
        return el('td', {}, numbers.length ? f3(numbers.reduce((a, b) => a + b, 0) / numbers.length) : '–',
          el('span', {class: 'ci'}, `${numbers.length} sets`));
      })));
  }
  table.append(body);
}
function cell(set, number, metric, best) {
  if (!isNumber(number)) return el('td', {}, '–');
  const interval = set.metrics[metric + 'Ci'];
  const meter = el('i');
  meter.style.width = `${Math.min(100, 100 * number)}%`;
  return el('td', {class: best ? 'best' : null}, f3(number),
    interval && isNumber(interval[0]) ? el('span', {class: 'ci'}, `${f3(interval[0])}–${f3(interval[1])}`) : null,
    el('span', {class: 'meter'}, meter));
}

function published() {
  if (!data.published.length) return;
  const rows = data.published.map(p => el('tr', {}, el('td', {}, p.reader), el('td', {}, p.guard),
    el('td', {}, p.metric.toUpperCase()), el('td', {}, f3(p.value)),
    ...runs.map(run => {
      const set = Object.values(run.sets).find(s => s.reader === p.reader);
      return el('td', {}, f3(value(set, p.metric)));
    }), el('td', {}, p.source)));
  $('published').append(el('h3', {}, 'Beside published figures'), el('div', {class: 'scroll'},
    el('table', {}, el('thead', {}, el('tr', {}, ...['Set', 'Guard', 'Metric', 'Published', ...runs.map(r => r.label), 'Source'].map(t => el('th', {}, t)))),
      el('tbody', {}, ...rows))));
}

// Charts: a square of the unit interval, 400 x 260 units, drawn for each guard of the chosen set.
const W = 400, H = 260, L = 46, R = 10, T = 8, B = 34;
const X = x => L + x * (W - L - R);
const Y = y => H - B - y * (H - T - B);
function frame(label, xLabel, yLabel) {
  const chart = svg('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': label});
  for (const tick of [0, .25, .5, .75, 1]) {
    chart.append(svg('line', {class: 'grid', x1: X(tick), x2: X(tick), y1: Y(0), y2: Y(1)}));
    chart.append(svg('line', {class: 'grid', x1: X(0), x2: X(1), y1: Y(tick), y2: Y(tick)}));
    chart.append(svg('text', {x: X(tick), y: H - B + 13, 'text-anchor': tick === 1 ? 'end' : 'middle'}, String(tick)));
    if (yLabel) chart.append(svg('text', {x: L - 5, y: Y(tick) + 4, 'text-anchor': 'end'}, String(tick)));
  }
  chart.append(svg('text', {x: X(.5), y: H - 3, 'text-anchor': 'middle'}, xLabel));
  if (yLabel) chart.append(svg('text', {transform: `translate(11 ${Y(.5)}) rotate(-90)`, 'text-anchor': 'middle'}, yLabel));
  return chart;
}
function path(points) {
  return points.map(([x, y], i) => `${i ? 'L' : 'M'}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`).join('');
}
function curves(target, label, xLabel, yLabel, points, guide) {
  const chart = frame(label, xLabel, yLabel);
  if (guide) chart.append(svg('path', {class: 'guide', d: path(guide)}));
  runs.forEach((run, i) => {
    const set = run.sets[$('set').value];
    if (!set || oneClass(set.metrics)) return;
    const line = svg('path', {class: 'curve', d: path(points(set))});
    line.style.stroke = color(i);
    if (i !== chosen()) line.style.opacity = .55;
    chart.append(line);
  });
  $(target).replaceChildren(chart);
}
function nothing(target, why) { $(target).replaceChildren(el('p', {class: 'note'}, why)); }

const chosen = () => Number($('run').value);
const current = () => runs[chosen()].sets[$('set').value];

function detail() {
  if (!current()) $('run').value = String(runs.findIndex(run => run.sets[$('set').value]));
  const set = current(), m = set.metrics, P = m.unsafe, N = m.safe;
  $('legend').replaceChildren(...(runs.length > 1 ? runs.map((run, i) => {
    const mark = el('i');
    mark.style.background = color(i);
    return el('span', {}, mark, run.label + (run.sets[$('set').value] ? '' : ' (not run)'));
  }) : []));
  const tiles = [['AUPRC', f3(value(set, 'auprc'))], ['AUROC', f3(value(set, 'auroc'))], ['F1', f3(value(set, 'f1'))],
    ['recall', percent(value(set, 'recall'))], ['false positives', percent(m.fpr)], ['unsafe', `${whole(P)} of ${whole(m.predictions)}`]];
  for (const [name, task] of Object.entries(m.tasks)) if (Object.keys(m.tasks).length > 1 && !oneClass(task)) tiles.push([`AUPRC, ${name} task`, f3(task.auprc)]);
  if (m.maxCategory && !oneClass(m)) tiles.push(['AUPRC, max over categories', f3(m.maxCategory.auprc)]);
  if (m.unreadable) tiles.push(['unreadable', whole(m.unreadable)]);
  $('tiles').replaceChildren(...tiles.map(([name, text]) => el('div', {class: 'tile'}, el('b', {}, text), el('span', {}, name))));
  if (oneClass(m)) {
    const why = `All messages of this set are ${P ? 'unsafe' : 'safe'}: no curve.`;
    nothing('pr', why);
    nothing('roc', why);
  } else {
    curves('pr', 'precision over recall', 'recall', 'precision',
      s => s.steps.map(([, tp, fp]) => [tp / s.metrics.unsafe, tp / (tp + fp)]), [[0, P / (P + N)], [1, P / (P + N)]]);
    curves('roc', 'true-positive over false-positive rate', 'false-positive rate', 'true-positive rate',
      s => [[0, 0], ...s.steps.map(([, tp, fp]) => [fp / s.metrics.safe, tp / s.metrics.unsafe])], [[0, 0], [1, 1]]);
  }
  calibration();
  histogram(set);
  slider(set);
  categories(m.categories);
  errors('misses', set.misses);
  errors('falseAlarms', set.falseAlarms);
}

function calibration() {
  const chart = frame('calibration', 'score', 'unsafe');
  chart.append(svg('path', {class: 'guide', d: path([[0, 0], [1, 1]])}));
  runs.forEach((run, i) => {
    const set = run.sets[$('set').value];
    if (!set) return;
    const line = svg('path', {class: 'curve', d: path(set.calibration.map(([x, y]) => [x, y]))});
    line.style.stroke = color(i);
    if (i !== chosen()) line.style.opacity = .4;
    chart.append(line);
    const most = Math.max(...set.calibration.map(bin => bin[2]));
    for (const [x, y, count] of set.calibration) {
      const dot = svg('circle', {cx: X(x), cy: Y(y), r: 2 + 5 * Math.sqrt(count / most)});
      dot.style.fill = color(i);
      dot.style.opacity = i === chosen() ? .85 : .3;
      dot.append(svg('title', {}, `${count} messages: mean score ${f3(x)}, ${percent(y)} unsafe`));
      chart.append(dot);
    }
  });
  $('calibration').replaceChildren(chart);
}

function histogram(set) {
  const [safe, unsafe] = set.histogram;
  const chart = frame('histogram of scores', 'score', '');
  // Shares of each class: the classes may be of very different size.
  const shares = bins => { const sum = bins.reduce((a, b) => a + b, 0); return bins.map(n => sum ? n / sum : 0); };
  const a = shares(safe), b = shares(unsafe), most = Math.max(...a, ...b);
  const width = (W - L - R) / a.length;
  a.forEach((_, i) => {
    for (const [bins, counts, name, shift] of [[a, safe, 'fillSafe', 0], [b, unsafe, 'fillUnsafe', .5]]) {
      const height = (H - T - B) * bins[i] / most;
      const bar = svg('rect', {class: name, x: L + (i + .06 + shift * .88) * width, y: H - B - height, width: width * .44, height});
      bar.append(svg('title', {}, `${counts[i]} messages, ${percent(bins[i])} of their class, score ${(i / a.length).toFixed(2)} to ${((i + 1) / a.length).toFixed(2)}`));
      chart.append(bar);
    }
  });
  $('histogram').replaceChildren(chart);
}

// The slider walks over the steps of the ranking, which are exact; to the right it is stricter.
function slider(set) {
  const steps = [[1.0000001, 0, 0], ...set.steps];
  const input = $('slider');
  input.min = 0;
  input.max = steps.length - 1;
  const at = threshold => { let i = 0; while (i + 1 < steps.length && steps[i + 1][0] >= threshold) i++; return i; };
  const show = () => {
    const [threshold, tp, fp] = steps[steps.length - 1 - Number(input.value)];
    const digits = threshold < 0.001 ? threshold.toExponential(2) : threshold.toFixed(4);
    $('threshold').textContent = threshold > 1 ? 'Nothing is stopped' : `Stopped from ${digits} on`;
    const fn = set.metrics.unsafe - tp, tn = set.metrics.safe - fp;
    const box = (name, n, good, of) => el('td', {class: good ? 'good' : 'ill'}, el('b', {}, whole(n)), name, of ? ` (${percent(n / of)})` : '');
    const precision = tp + fp ? tp / (tp + fp) : 0, recall = set.metrics.unsafe ? tp / set.metrics.unsafe : 0;
    $('confusion').replaceChildren(
      el('tr', {}, el('th'), el('th', {}, 'stopped'), el('th', {}, 'passed')),
      el('tr', {}, el('td', {class: 'unsafe'}, 'unsafe'), box('caught', tp, true, set.metrics.unsafe), box('missed', fn, false, set.metrics.unsafe)),
      el('tr', {}, el('td', {class: 'safe'}, 'safe'), box('false alarms', fp, false, set.metrics.safe), box('let through', tn, true, set.metrics.safe)),
      el('tr', {}, el('td', {colspan: 3}, `precision ${f3(precision)} · recall ${f3(recall)} · F1 ${f3(precision + recall ? 2 * precision * recall / (precision + recall) : 0)}`)));
  };
  const go = index => { input.value = steps.length - 1 - index; show(); };
  input.oninput = show;
  const best = () => {
    let index = 0, most = -1;
    steps.forEach(([, tp, fp], i) => { const f1 = 2 * tp / (tp + fp + set.metrics.unsafe); if (f1 > most) { most = f1; index = i; } });
    return index;
  };
  const atFpr = limit => { let index = 0; steps.forEach(([, , fp], i) => { if (fp <= limit * set.metrics.safe) index = i; }); return index; };
  $('shortcuts').replaceChildren(
    el('button', {type: 'button', on: () => go(at(.5))}, '0.5'),
    set.metrics.unsafe ? el('button', {type: 'button', on: () => go(best())}, 'best F1') : '',
    set.metrics.safe ? el('button', {type: 'button', on: () => go(atFpr(.01))}, '1 % false alarms') : '',
    set.metrics.safe ? el('button', {type: 'button', on: () => go(atFpr(.05))}, '5 %') : '');
  go(at(.5));
}

function categories(all) {
  const known = Object.entries(all || {}).filter(([, c]) => c.positives > 0);
  $('categorySection').hidden = !known.length;
  $('categories').replaceChildren(...known.map(([code, c]) => {
    const bars = [c.oneVsAllAuprc, c.oneVsBenignAuprc].map(v => { const bar = el('i'); bar.style.width = `${100 * (v || 0)}%`; return bar; });
    return el('div', {class: 'cat'},
      el('div', {class: 'name'}, `${code} ${c.name} `, el('small', {}, `${whole(c.positives)} unsafe`)),
      el('div', {class: 'bars'}, ...bars),
      el('div', {class: 'value'}, `${f3(c.oneVsAllAuprc)} / ${f3(c.oneVsBenignAuprc)}`));
  }));
}

function errors(target, list) {
  $(target).replaceChildren(...(list.length ? list.map(error) : [el('p', {class: 'note'}, 'None.')]));
}
function error(e) {
  const text = el('div', {class: 'text'});
  const button = el('button', {type: 'button', on: () => {
    const hidden = !text.childNodes.length;
    text.replaceChildren(...(hidden ? e.turns.map(([role, words]) => el('div', {class: 'turn'}, el('b', {}, role + ': '), words)) : []));
    button.textContent = hidden ? 'hide' : 'show text';
  }}, 'show text');
  const codes = [...(e.codes.length ? [`labelled ${e.codes.join(', ')}`] : []), ...(e.named.length ? [`called ${e.named.join(', ')}`] : [])].join('; ');
  return el('div', {class: 'error'}, el('div', {class: 'head'},
    el('div', {class: 'id'}, el('b', {}, f3(e.score)), ` ${e.id} `, el('small', {}, `${e.task}${codes ? '; ' + codes : ''}`)),
    e.turns ? button : null), text);
}

function tables() {
  const rows = [];
  runs.forEach(run => Object.entries(run.sets).forEach(([name, s]) => rows.push(el('tr', {},
    el('td', {}, name), ...(runs.length > 1 ? [el('td', {}, run.label)] : []),
    el('td', {}, isNumber(s.speed.perSecond) ? s.speed.perSecond.toFixed(1) : '–'), el('td', {}, whole(s.speed.tokensPerSecond)),
    el('td', {}, whole(s.speed.p50Millis)), el('td', {}, whole(s.speed.p95Millis)), el('td', {}, whole(s.speed.p99Millis))))));
  $('speed').append(el('thead', {}, el('tr', {}, ...['Set', ...(runs.length > 1 ? ['Guard'] : []), 'messages/s', 'tokens/s', 'p50 ms', 'p95 ms', 'p99 ms'].map(t => el('th', {}, t)))), el('tbody', {}, ...rows));
  const seen = new Set(), who = [];
  runs.forEach(run => Object.values(run.sets).forEach(s => {
    const i = s.identity, key = run.label + i.policyDigest;
    if (seen.has(key)) return;
    seen.add(key);
    who.push(el('tr', {}, el('td', {}, run.label), el('td', {}, i.model, el('small', {}, ' ' + shorten(i.modelDigest))),
      el('td', {}, i.policy, el('small', {}, ' ' + shorten(i.policyDigest))), el('td', {}, i.format, el('small', {}, ' ' + shorten(i.formatDigest)))));
  }));
  $('identity').append(el('thead', {}, el('tr', {}, ...['Guard', 'Model', 'Policy', 'Prompt format'].map(t => el('th', {}, t)))), el('tbody', {}, ...who));
}

$('sub').textContent = `${runs.map(run => run.label).join(', ')} · ${setNames.length} set${setNames.length === 1 ? '' : 's'} · commit ${data.commit.slice(0, 12)}`;
$('metric').append(...METRICS.map(([id, name]) => el('option', {value: id}, name)));
$('set').append(...setNames.map(name => el('option', {value: name}, name)));
$('run').append(...runs.map((run, i) => el('option', {value: i}, run.label)));
$('runChoice').hidden = runs.length < 2;
$('set').value = setNames.find(name => runs.some(run => run.sets[name] && !oneClass(run.sets[name].metrics))) || setNames[0];
$('metric').onchange = summary;
$('set').onchange = detail;
$('run').onchange = detail;
summary();
published();
detail();
tables();
