// One recorded failure, gone through step by step. The data is in the page; nothing is loaded and nothing is sent.
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const {events, names, findings, files} = data;
const get = (id) => document.getElementById(id);
let at = 0;
let timer = 0;

function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
}

const own = (process) => `o${(process - 1) % 4}`;
const place = (event) => (event.file >= 0 ? `${files[event.file].name}:${event.line}` : '');
const source = (event) => (event.file >= 0 ? files[event.file].lines[event.line] || '' : '').trim();

function headBuild() {
    const first = findings[0];
    get('kind').textContent = first ? `${first.kind} [${first.cause}]` : 'no failure under this schedule';
    get('headline').textContent = first ? first.headline : 'A run without a failure';
    get('why').textContent = first ? first.why : '';
    document.title = `weave: ${get('headline').textContent}`;
    for (const other of findings.slice(1)) get('others').append(make('li', '', `${other.kind} [${other.cause}]: ${other.headline}`));
    if (data.earlier > 0) get('others').append(make('li', '', `${data.earlier} earlier steps are not shown: weave replay shows all.`));
    get('replay').textContent = data.replay;
}

function stepBuild(event, index) {
    const row = make('li', 'row');
    const button = make('button', `step ${own(event.process)}`);
    button.type = 'button';
    button.style.setProperty('--column', data.shown.indexOf(event.process) + 2);
    const who = make('span', 'who', `${names[event.process]}: `);
    button.append(who, make('b', '', event.text), make('code', '', `${place(event)}  ${source(event)}`));
    if (event.from >= 0) button.append(make('small', '', `after step ${events[event.from].step} of ${names[events[event.from].process]}`));
    for (const side of event.guilty) button.append(make('small', '', side));
    button.addEventListener('click', () => go(index + 1));
    row.append(make('span', 'number', event.step), button);
    if (event.guilty.length > 0) row.classList.add('guilty');
    get('steps').append(row);
}

function namesBuild() {
    document.body.style.setProperty('--columns', data.shown.length);
    get('names').append(make('span'));
    for (const process of data.shown) get('names').append(make('span', own(process), names[process]));
}

// What memory, semaphores and locks hold after the first `count` steps; undefined: nobody has shown it yet.
function stateAfter(count) {
    const state = new Map();
    events.forEach((event, index) => {
        if (event.name === '') return;
        const before = state.get(event.name);
        const cell = before || {what: event.what, value: event.first, process: 0};
        if (index < count && event.shown !== '') {
            cell.value = event.shown;
            if (event.changes) cell.process = event.process;
        }
        state.set(event.name, cell);
    });
    return state;
}

function cellBuild(name, cell, hot) {
    const element = make('div', `cell ${cell.process > 0 ? own(cell.process) : ''} ${hot ? 'hot' : ''}`);
    element.append(make('small', '', name));
    const value = cell.value === '' ? '?' : cell.value;
    const tokens = cell.what === 'semaphore' && Number(value) > 0 && Number(value) <= 8;
    const text = make('span', '', tokens ? '\u25cf'.repeat(Number(value)) : value);
    if (tokens) {
        text.setAttribute('role', 'img');
        text.setAttribute('aria-label', value);
    }
    element.append(text);
    if (cell.process > 0) element.append(make('small', '', `by ${names[cell.process]}`));
    return element;
}

function memoryDraw() {
    const titles = {memory: 'Shared memory', semaphore: 'Semaphores', lock: 'Locks'};
    const state = stateAfter(at);
    const last = at === events.length;
    get('memory').replaceChildren();
    for (const [what, title] of Object.entries(titles)) {
        const cells = make('div', 'cells');
        for (const [name, cell] of state) if (cell.what === what) cells.append(cellBuild(name, cell, last && name === data.hot));
        if (cells.childElementCount > 0) get('memory').append(make('h2', '', title), cells);
    }
}

function endDraw() {
    const end = get('end');
    end.hidden = at < events.length || findings.length === 0;
    if (end.hidden) return;
    end.replaceChildren(make('p', '', findings[0].headline));
    for (const side of findings[0].sides) end.append(make('p', '', side));
}

function sourceDraw() {
    const event = events[at - 1];
    get('source').replaceChildren();
    get('file').textContent = event && event.file >= 0 ? `${names[event.process]}, ${files[event.file].name}` : 'Source';
    if (!event || event.file < 0) {
        get('source').append(make('div', '', at === 0 ? 'Forward, or the right arrow key.' : 'This step has no line of its own.'));
        return;
    }
    for (let line = event.line - 5; line <= event.line + 5; line++) {
        const text = files[event.file].lines[line];
        if (text === undefined) continue;
        get('source').append(make('div', line === event.line ? `here ${own(event.process)}` : '', `${String(line).padStart(4)}  ${text}`));
    }
}

// From where something was released to where it was acquired.
function arrowsDraw() {
    const svg = get('arrows');
    const rows = get('steps').children;
    const frame = svg.getBoundingClientRect();
    svg.replaceChildren();
    if (frame.width === 0) return;
    const part = (tag, attributes) => {
        const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        svg.append(element);
    };
    events.slice(0, at).forEach((event, index) => {
        if (event.from < 0) return;
        const from = rows[event.from].querySelector('.step').getBoundingClientRect();
        const to = rows[index].querySelector('.step').getBoundingClientRect();
        const right = to.left >= from.right;
        const x1 = (right ? from.right : from.left) - frame.left, y1 = from.top + from.height / 2 - frame.top;
        const x2 = (right ? to.left : to.right) - frame.left, y2 = to.top + to.height / 2 - frame.top;
        const way = right ? 1 : -1;
        part('path', {d: `M${x1} ${y1} H${x1 + 5 * way} L${x2 - 9 * way} ${y2} H${x2 - 6 * way}`});
        part('polygon', {points: `${x2},${y2} ${x2 - 9 * way},${y2 - 5} ${x2 - 9 * way},${y2 + 5}`});
    });
}

function stop() {
    clearInterval(timer);
    timer = 0;
    get('play').setAttribute('aria-pressed', 'false');
}

function go(step) {
    at = Math.max(0, Math.min(events.length, Math.trunc(step) || 0));
    const event = events[at - 1];
    get('slider').value = at;
    get('place').textContent = `${at} of ${events.length}`;
    get('slider').setAttribute('aria-valuetext', event ? `${at}: ${names[event.process]} ${event.text}` : 'before the first step');
    get('said').textContent = event ? `${names[event.process]}: ${event.text}` : '';
    [...get('steps').children].forEach((row, index) => {
        row.classList.toggle('later', index >= at);
        row.classList.toggle('now', index === at - 1);
        if (index === at - 1) row.querySelector('button').setAttribute('aria-current', 'step');
        else row.querySelector('button').removeAttribute('aria-current');
    });
    memoryDraw();
    endDraw();
    sourceDraw();
    arrowsDraw();
    if (at > 0) get('steps').children[at - 1].scrollIntoView({block: 'nearest'});
    history.replaceState(null, '', `#${at}`);
    if (at === events.length) stop();
}

function play() {
    if (timer !== 0) {
        stop();
        return;
    }
    if (at === events.length) go(0);
    timer = setInterval(() => go(at + 1), 1100);
    get('play').setAttribute('aria-pressed', 'true');
}

function keyPressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.id === 'slider') return;
    const moves = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: events.length};
    if (event.key in moves) {
        stop();
        go(moves[event.key]);
    } else if (event.key === ' ' && event.target.tagName !== 'BUTTON') {
        play();
    } else {
        return;
    }
    event.preventDefault();
}

headBuild();
namesBuild();
events.forEach(stepBuild);
get('slider').max = events.length;
get('back').addEventListener('click', () => { stop(); go(at - 1); });
get('forward').addEventListener('click', () => { stop(); go(at + 1); });
get('play').addEventListener('click', play);
get('slider').addEventListener('input', (event) => { stop(); go(Number(event.target.value)); });
addEventListener('keydown', keyPressed);
addEventListener('hashchange', () => go(Number(location.hash.slice(1))));
addEventListener('resize', arrowsDraw);
go(location.hash.length > 1 ? Number(location.hash.slice(1)) : 0);
